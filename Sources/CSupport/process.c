#define _GNU_SOURCE
#include "CSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int32_t alex_pipe(int32_t ends[2]) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) != 0) return errno;
  for (int i = 0; i < 2; i++) {
    if (pair[i] > STDERR_FILENO) continue;
    // A closed standard stream left its number free.
    int moved = fcntl(pair[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(pair[i]);
    pair[i] = moved;
    if (moved >= 0) continue;
    close(pair[1 - i]);
    return error;
  }
  ends[0] = pair[0];
  ends[1] = pair[1];
  return 0;
}

int32_t alex_memory_file(const void *bytes, size_t count, int32_t *descriptor) {
  int file = memfd_create("alexbench-input", MFD_CLOEXEC);
  if (file < 0) return errno;
  const char *rest = bytes;
  while (count > 0) {
    ssize_t written = write(file, rest, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      int error = errno;
      close(file);
      return error;
    }
    rest += written;
    count -= (size_t)written;
  }
  lseek(file, 0, SEEK_SET);
  *descriptor = file;
  return 0;
}

// glibc 2.34 and newer.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int)
    __attribute__((weak));

void alex_spawn_standard_streams_only(posix_spawn_file_actions_t *actions) {
  if (posix_spawn_file_actions_addclosefrom_np)
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

void alex_keep_child_status(void) {
  struct sigaction action;
  if (sigaction(SIGCHLD, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
      action.sa_handler == SIG_IGN)
    signal(SIGCHLD, SIG_DFL);
}

static int try_child(void) {
  pid_t child = vfork();
  if (child < 0) return errno;
  if (child == 0) _exit(0);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  return 0;
}

static void *wait_at_gate(void *gate) {
  pthread_mutex_lock(gate);
  pthread_mutex_unlock(gate);
  return NULL;
}

int32_t alex_can_start(int32_t thread_count, int32_t with_child) {
  pthread_t *threads = calloc(thread_count > 0 ? (size_t)thread_count : 1, sizeof *threads);
  if (!threads) return ENOMEM;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  // All live at the same time, held back until the last is there.
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&gate);
  int32_t started = 0, error = 0;
  while (started < thread_count && error == 0) {
    error = pthread_create(&threads[started], &attributes, wait_at_gate, &gate);
    if (error == 0) started++;
  }
  if (error == 0 && with_child) error = try_child();
  pthread_mutex_unlock(&gate);
  for (int32_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
  pthread_attr_destroy(&attributes);
  free(threads);
  return error;
}

static cpu_set_t starting_mask;

__attribute__((constructor)) static void remember_mask(void) {
  if (sched_getaffinity(0, sizeof starting_mask, &starting_mask) != 0) CPU_ZERO(&starting_mask);
}

int32_t alex_starting_affinity(int32_t *cpus, int32_t capacity) {
  int32_t count = 0;
  for (int32_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &starting_mask)) continue;
    if (count < capacity) cpus[count] = cpu;
    count++;
  }
  return count;
}
