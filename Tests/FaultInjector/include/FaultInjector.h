// Preloaded into a program (LD_PRELOAD), makes one call of a kind fail. Writing and closing count for
// files and devices only.
//
//   ALEX_FAULT_KIND      open, write, fsync, rename, close, mkdir, mmap, thread, spawn, memory
//   ALEX_FAULT_NUMBER    which call fails, counted from 1 in each process; 0 = none,
//                        and the log says at the end how many calls there were
//   ALEX_FAULT_ERRNO     what it fails with
//   ALEX_FAULT_PATH      only calls count whose path has this in it
//   ALEX_FAULT_BYTES     memory: only requests of at least so many bytes count
//   ALEX_FAULT_CHILDREN  1 = in children as well, each with a count of its own
//   ALEX_FAULT_LOG       a file that gets a line when the call fails: its kind, and what it was about
#ifndef ALEXBENCH_FAULT_INJECTOR_H
#define ALEXBENCH_FAULT_INJECTOR_H

// Nothing is called from outside; the library takes the place of the C library's functions.
void alex_fault_injector_is_loaded(void);

#endif
