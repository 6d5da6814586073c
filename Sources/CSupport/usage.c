#define _GNU_SOURCE
#include "CSupport.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t alex_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t alex_thread_cpu_ns(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

// The clock of one thread of this process, as the kernel makes them (include/linux/posix-timers.h):
// CPUCLOCK_SCHED, for a thread.
static clockid_t clock_of_thread(pid_t thread) { return (clockid_t)((~(unsigned)thread << 3) | 6); }

int64_t alex_other_threads_cpu_ns(void) {
  // Without memory of the heap: this is read between timed blocks.
  _Alignas(struct dirent64) char entries[2048];
  const int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - alex_thread_cpu_ns();
  const pid_t own = gettid();
  int64_t sum = 0;
  ssize_t size;
  while ((size = getdents64(folder, entries, sizeof entries)) > 0) {
    for (ssize_t offset = 0; offset < size;) {
      const struct dirent64 *entry = (const struct dirent64 *)(entries + offset);
      offset += entry->d_reclen;
      const pid_t thread = (pid_t)atoi(entry->d_name);
      struct timespec time;
      // One that has just ended counts no more.
      if (thread > 0 && thread != own && clock_gettime(clock_of_thread(thread), &time) == 0) {
        sum += (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
      }
    }
  }
  close(folder);
  return sum;
}

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
