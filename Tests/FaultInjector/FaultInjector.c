#define _GNU_SOURCE
#include "FaultInjector.h"

#include <errno.h>

void alex_fault_injector_is_loaded(void) {}

#if defined(__GLIBC__)

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { OPEN, WRITE, FSYNC, RENAME, CLOSE, MKDIR, MMAP, THREAD, SPAWN, MEMORY, KIND_COUNT };

static const char *const names[KIND_COUNT] = {"open",  "write", "fsync",  "rename", "close",
                                              "mkdir", "mmap",  "thread", "spawn",  "memory"};

static int active = -1;
static int error_number;
static long number;
static size_t least_byte_count;
static char log_path[4096];
static char part[256];
static _Atomic long call_count;

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

__attribute__((constructor)) static void start(void) {
  const char *kind = variable("ALEX_FAULT_KIND");
  number = atol(variable("ALEX_FAULT_NUMBER"));
  error_number = atoi(variable("ALEX_FAULT_ERRNO"));
  least_byte_count = (size_t)atol(variable("ALEX_FAULT_BYTES"));
  strncpy(log_path, variable("ALEX_FAULT_LOG"), sizeof log_path - 1);
  strncpy(part, variable("ALEX_FAULT_PATH"), sizeof part - 1);
  int goes_to_children = atoi(variable("ALEX_FAULT_CHILDREN"));
  for (int index = 0; index < KIND_COUNT; index++)
    if (!strcmp(kind, names[index])) active = index;
  if (goes_to_children) return;
  unsetenv("LD_PRELOAD");
  unsetenv("ALEX_FAULT_KIND");
}

// With system calls of its own: what it does must not count.
static void report(enum kind kind, const char *subject) {
  char line[512];
  int count = snprintf(line, sizeof line, "%s %s\n", names[kind], subject);
  if (count < 0 || !log_path[0]) return;
  if ((size_t)count >= sizeof line) count = sizeof line - 1;
  long file = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  syscall(SYS_write, file, line, (size_t)count);
  syscall(SYS_close, file);
}

// Without a number nothing fails, and the calls are counted.
__attribute__((destructor)) static void end(void) {
  char count[24];
  if (active < 0 || number) return;
  snprintf(count, sizeof count, "%ld", atomic_load(&call_count));
  report((enum kind)active, count);
}

// Whether this call is the one; says so in the log and sets errno.
static int fails(enum kind kind, const char *subject) {
  if ((int)kind != active || !strstr(subject, part)) return 0;
  if (atomic_fetch_add(&call_count, 1) + 1 != number) return 0;
  report(kind, subject);
  errno = error_number;
  return 1;
}

// Of files and devices only: pipes do not fail like this, nor do what libraries wake threads with.
static int fails_descriptor(enum kind kind, int descriptor) {
  char link[32], path[400], subject[440];
  if ((int)kind != active) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count <= 0 || path[0] != '/') return 0;
  path[count] = 0;
  snprintf(subject, sizeof subject, "%d %s", descriptor, path);
  return fails(kind, subject);
}

static int fails_size(enum kind kind, size_t size) {
  char subject[24];
  if ((int)kind != active || size < least_byte_count) return 0;
  snprintf(subject, sizeof subject, "%zu", size);
  return fails(kind, subject);
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

// Files

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }

int open(const char *path, int flags, ...) {
  REAL(open);
  MODE(flags)
  return fails(OPEN, path) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  MODE(flags)
  return fails(OPEN, path) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
  REAL(openat);
  MODE(flags)
  return fails(OPEN, path) ? -1 : real(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
  REAL(openat64);
  MODE(flags)
  return fails(OPEN, path) ? -1 : real(folder, path, flags, mode);
}

// What programs with checks of the compiler call.
int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat64(folder, path, flags); }

FILE *fopen(const char *path, const char *mode) {
  REAL(fopen);
  return fails(OPEN, path) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
  REAL(fopen64);
  return fails(OPEN, path) ? NULL : real(path, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  REAL(write);
  return fails_descriptor(WRITE, descriptor) ? -1 : real(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  REAL(pwrite);
  return fails_descriptor(WRITE, descriptor) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  REAL(pwrite64);
  return fails_descriptor(WRITE, descriptor) ? -1 : real(descriptor, bytes, count, offset);
}

int fsync(int descriptor) {
  REAL(fsync);
  return fails_descriptor(FSYNC, descriptor) ? -1 : real(descriptor);
}

int fdatasync(int descriptor) {
  REAL(fdatasync);
  return fails_descriptor(FSYNC, descriptor) ? -1 : real(descriptor);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  return fails(RENAME, to) ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  return fails(MKDIR, path) ? -1 : real(path, mode);
}

// The descriptor is closed in any case, as Linux does.
int close(int descriptor) {
  REAL(close);
  int is_failing = fails_descriptor(CLOSE, descriptor);
  int code = real(descriptor);
  if (!is_failing) return code;
  errno = error_number;
  return -1;
}

// Memory

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  REAL(mmap);
  return fails_size(MMAP, size) ? MAP_FAILED : real(address, size, protection, flags, file, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t offset) {
  REAL(mmap64);
  return fails_size(MMAP, size) ? MAP_FAILED : real(address, size, protection, flags, file, offset);
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) { return fails_size(MEMORY, size) ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) {
  return fails_size(MEMORY, count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size) {
  return fails_size(MEMORY, size) ? NULL : __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
  return fails_size(MEMORY, size) ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return fails_size(MEMORY, size) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *pointer = fails_size(MEMORY, size) ? NULL : __libc_memalign(alignment, size);
  if (!pointer) return ENOMEM;
  *result = pointer;
  return 0;
}

// Threads and processes; both return their error.

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
  REAL(pthread_create);
  return fails(THREAD, "") ? error_number : real(thread, attributes, body, argument);
}

int posix_spawn(
    pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  REAL(posix_spawn);
  return fails(SPAWN, path) ? error_number
                            : real(child, path, actions, attributes, arguments, environment);
}

int posix_spawnp(
    pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  REAL(posix_spawnp);
  return fails(SPAWN, path) ? error_number
                            : real(child, path, actions, attributes, arguments, environment);
}

pid_t fork(void) {
  REAL(fork);
  return fails(SPAWN, "fork") ? -1 : real();
}

#endif
