// Gives a test process a folder of its own for temporary files, and sees to it that neither the
// folder nor a process that a test started outlives it, however it ends.
//
// A constructor, since tests run in no order. The guard is a child that waits for the end of a pipe.
#define _GNU_SOURCE
#include "TestGuard.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];

const char *alex_test_folder(void) { return folder; }

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
  (void)info;
  (void)walk;
  // A test may have been killed before it gave its folder back its permissions, or its disk.
  if (remove(path) != 0 && kind == FTW_DP && umount2(path, MNT_DETACH) == 0) remove(path);
  return 0;
}

// Whether a process has the folder as its TMPDIR, as all have that come from this one.
static int is_ours(const char *process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/environ", process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  static char text[1 << 20];
  size_t count = 0;
  ssize_t got;
  while (count < sizeof text - 1 && (got = read(file, text + count, sizeof text - 1 - count)) > 0)
    count += (size_t)got;
  close(file);
  text[count] = 0;
  for (const char *word = text; word < text + count; word += strlen(word) + 1)
    if (strncmp(word, "TMPDIR=", 7) == 0) return strcmp(word + 7, folder) == 0;
  return 0;
}

// Until there is none: one that is found may be starting another.
static void kill_ours(void) {
  for (int round = 0; round < 100; round++) {
    int found = 0;
    DIR *processes = opendir("/proc");
    if (processes == NULL) return;
    struct dirent *entry;
    while ((entry = readdir(processes)) != NULL) {
      int process = atoi(entry->d_name);
      if (process <= 0 || process == getpid() || !is_ours(entry->d_name)) continue;
      found |= kill(process, SIGKILL) == 0;
    }
    closedir(processes);
    if (!found) return;
    usleep(10000);
  }
}

static void guard(int end) {
  prctl(PR_SET_NAME, "test-guard");
  setsid();
  // Whoever reads the output of the tests must not wait for the guard.
  int nothing = open("/dev/null", O_RDWR);
  for (int number = 0; number < 3; number++) dup2(nothing, number);
  long most = sysconf(_SC_OPEN_MAX);
  for (int number = 3; number < most && number < 65536; number++)
    if (number != end) close(number);
  char byte;
  while (read(end, &byte, 1) > 0) {
  }
  kill_ours();
  nftw(folder, remove_one, 32, FTW_DEPTH | FTW_PHYS);
  _exit(0);
}

__attribute__((constructor)) static void begin(void) {
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/alexbench-tests-XXXXXX", parent ? parent : "/tmp");
  int ends[2];
  // Some tests run the program as another user.
  if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
    perror("no folder for tests");
    abort();
  }
  setenv("TMPDIR", folder, 1);
  pid_t child = fork();
  if (child < 0) {
    perror("no guard for tests");
    abort();
  }
  if (child == 0) {
    close(ends[1]);
    guard(ends[0]);
  }
  close(ends[0]);
}
