#define _GNU_SOURCE
#include "CSupport.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int32_t alex_perf_open(uint32_t type, uint64_t config, int32_t thread, int32_t group,
                       int32_t excludes_kernel) {
  struct perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = type;
  attr.config = config;
  attr.disabled = group < 0;
  attr.exclude_kernel = excludes_kernel != 0;
  attr.exclude_hv = 1;
  attr.read_format =
      PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  const long fd = syscall(SYS_perf_event_open, &attr, thread, -1, group, PERF_FLAG_FD_CLOEXEC);
  return fd < 0 ? -errno : (int32_t)fd;
}

int32_t alex_perf_start(int32_t leader) {
  if (ioctl(leader, PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP) < 0) return -errno;
  if (ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) < 0) return -errno;
  return 0;
}

int32_t alex_perf_stop(int32_t leader) {
  return ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) < 0 ? -errno : 0;
}

int32_t alex_perf_read(int32_t leader, int64_t *values, int32_t capacity, int64_t *time_enabled_ns,
                       int64_t *time_running_ns) {
  // Number of events, time enabled, time running, then one value each.
  uint64_t words[3 + 64];
  const ssize_t count = read(leader, words, sizeof words);
  if (count < 0) return -errno;
  if ((size_t)count < 3 * sizeof words[0] || words[0] > 64) return -EIO;
  *time_enabled_ns = (int64_t)words[1];
  *time_running_ns = (int64_t)words[2];
  for (int32_t i = 0; i < capacity && i < (int32_t)words[0]; i++) values[i] = (int64_t)words[3 + i];
  return (int32_t)words[0];
}

void alex_perf_close(int32_t descriptor) { close(descriptor); }
