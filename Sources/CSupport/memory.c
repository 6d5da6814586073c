#define _GNU_SOURCE
#include "CSupport.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <execinfo.h>
#endif

int32_t alex_can_map(int64_t byte_count) {
  if (byte_count <= 0) return 0;
  // Only the address space is asked for: no page is touched.
  void *start = mmap(NULL, (size_t)byte_count, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return errno;
  munmap(start, (size_t)byte_count);
  return 0;
}

#ifdef __GLIBC__

// Frames that are looked at from the innermost on; the handler's own are among them.
enum { FRAME_LIMIT = 24 };

static struct sigaction earlier[NSIG];

// Whether the innermost calls are those of an allocator that got no memory: of Swift's runtime, of
// Foundation's data, or of C++. A heap that was found damaged fails inside of malloc instead.
static int is_allocation_failure(void) {
  void *frames[FRAME_LIMIT];
  int count = backtrace(frames, FRAME_LIMIT);
  for (int i = 0; i < count; i++) {
    Dl_info info;
    if (!dladdr(frames[i], &info) || !info.dli_sname) continue;
    const char *name = info.dli_sname;
    if (strcmp(name, "malloc") == 0 || strcmp(name, "realloc") == 0 || strcmp(name, "free") == 0)
      return 0;
    if (strcmp(name, "swift_slowAlloc") == 0 || strcmp(name, "swift_allocObject") == 0 ||
        strcmp(name, "_Znwm") == 0 || strstr(name, "__DataStorage"))
      return 1;
  }
  return 0;
}

static void explain(int number, siginfo_t *info, void *context) {
  static const char sentence[] =
      "alexbench: out of memory: the system gives no more; take a smaller --batch, name fewer "
      "backends, or raise the limit (ulimit -v, or that of the control group)\n";
  if (is_allocation_failure()) {
    ssize_t written = write(STDERR_FILENO, sentence, sizeof sentence - 1);
    (void)written;
    _exit(3);
  }
  // Anything else goes on as it would have: the instruction that trapped is executed again, and
  // abort raises its signal again.
  (void)info;
  (void)context;
  sigaction(number, &earlier[number], NULL);
}

void alex_explain_memory_failures(void) {
  // The first backtrace loads a library, for which there may be no memory later.
  void *frames[2];
  backtrace(frames, 2);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = explain;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  static const int numbers[] = {SIGABRT, SIGILL, SIGTRAP};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    sigaction(numbers[i], &action, &earlier[numbers[i]]);
}

#else

void alex_explain_memory_failures(void) {}

#endif
