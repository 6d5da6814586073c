#define _GNU_SOURCE
#include "CSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int32_t alex_pipe(int32_t ends[2]) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) != 0) return errno;
  ends[0] = pair[0];
  ends[1] = pair[1];
  return 0;
}
