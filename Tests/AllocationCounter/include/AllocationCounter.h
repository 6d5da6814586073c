// Counts heap allocations of chosen threads, for the tests.
#ifndef ALEXBENCH_ALLOCATION_COUNTER_H
#define ALEXBENCH_ALLOCATION_COUNTER_H

#include <stdint.h>

// Whether allocations can be counted in this build: AddressSanitizer has its own allocator.
int32_t alex_counts_allocations(void);
// Starts and stops counting on the calling thread; the argument is ignored, so that a thread pool
// can run these on all of its threads.
void alex_start_counting(const void *_Nonnull ignored);
void alex_stop_counting(const void *_Nonnull ignored);
// Allocations since the process began, of threads that were counting.
int64_t alex_allocation_count(void);

#endif
