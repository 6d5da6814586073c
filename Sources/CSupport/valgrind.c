#include "CSupport.h"

// Requests to valgrind as valgrind.h and callgrind.h encode them, so that a program that was built
// without these headers counts too. The sequence does nothing on a processor.
enum {
  running_on_valgrind = 0x1001,
  callgrind = ('C' << 24) | ('T' << 16),
  dump_stats = callgrind,
  toggle_collect = callgrind + 2,
  start_instrumentation = callgrind + 4,
  stop_instrumentation = callgrind + 5,
};

static uint64_t request(uint64_t number) {
#if defined(__x86_64__)
  volatile uint64_t arguments[6] = {number, 0, 0, 0, 0, 0};
  volatile uint64_t result = 0;
  __asm__ volatile(
      "rolq $3, %%rdi ; rolq $13, %%rdi\n\t"
      "rolq $61, %%rdi ; rolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "=d"(result)
      : "a"(&arguments[0]), "0"(result)
      : "cc", "memory");
  return result;
#else
  (void)number;
  return 0;
#endif
}

int32_t alex_runs_on_valgrind(void) { return (int32_t)request(running_on_valgrind); }

void alex_callgrind_start(void) {
  request(start_instrumentation);
  request(toggle_collect);
}

void alex_callgrind_stop(void) {
  request(toggle_collect);
  request(stop_instrumentation);
}

void alex_callgrind_dump(void) { request(dump_stats); }
