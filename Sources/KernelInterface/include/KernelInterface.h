// What crosses the boundary of an instruction set: pointers and integers only.
#ifndef ALEXBENCH_KERNEL_INTERFACE_H
#define ALEXBENCH_KERNEL_INTERFACE_H

#include <stdint.h>

// A kernel: one thread's share of a step, described by an argument block that was filled in once,
// when the step was bound.
typedef void (*KernelFunction)(const void *_Nonnull arguments);

// The kernels of one instruction set, with the tile sizes that they are built for.
typedef struct __attribute__((swift_attr("@Sendable"))) {
  const char *_Nonnull isa_name;
  int32_t lanes;  // floats in a vector register
} KernelTable;

#endif
