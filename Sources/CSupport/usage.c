#define _GNU_SOURCE
#include "CSupport.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t alex_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t alex_thread_cpu_ns(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }
int64_t alex_process_cpu_ns(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

int64_t alex_other_process_cpu_ns(int32_t process_id) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(process_id, &clock) != 0 || clock_gettime(clock, &time) != 0) return -1;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t from_timeval(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

void alex_process_usage(alex_usage *usage) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  usage->user_ns = from_timeval(r.ru_utime);
  usage->system_ns = from_timeval(r.ru_stime);
  usage->minor_faults = r.ru_minflt;
  usage->major_faults = r.ru_majflt;
  usage->voluntary_switches = r.ru_nvcsw;
  usage->involuntary_switches = r.ru_nivcsw;
}

int64_t alex_peak_rss_bytes(void) {
  // Not ru_maxrss, which begins with what the parent had when it started this process.
  FILE *status = fopen("/proc/self/status", "re");
  if (!status) return -1;
  long long kibibytes = -1;
  char line[256];
  while (kibibytes < 0 && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %lld", &kibibytes);
  fclose(status);
  return kibibytes < 0 ? -1 : kibibytes * 1024;
}
