// What Swift cannot say: CPU features, thread placement, futexes, loading of libraries with their
// own symbols, and the C types of the libraries that are opened at run time.
#ifndef ALEXBENCH_CSUPPORT_H
#define ALEXBENCH_CSUPPORT_H

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>

#include "Counting.h"
#include "OneDNN.h"
#include "Pictures.h"

// ---- cpu.c: instruction sets -------------------------------------------------------------------

// What the processor and the operating system can execute. 0 for all on processors other than
// x86-64.
typedef struct {
  // x86-64-v3: AVX2, FMA, BMI1/2, F16C, LZCNT, MOVBE, and 256-bit state saved by the system.
  int32_t x86_64_v3;
  // x86-64-v4: v3 and AVX-512 F, BW, CD, DQ, VL, and 512-bit state saved by the system.
  int32_t x86_64_v4;
  int32_t family, model, stepping;
  char vendor[16];
  char brand[64];
} alex_cpu_info;

void alex_cpu_query(alex_cpu_info *info);

// What compiled the C sources, to the commit: it comes with the Swift compiler.
const char *alex_c_compiler(void);

// Flush-to-zero and denormals-are-zero of the calling thread: bit 0 FTZ, bit 1 DAZ.
int32_t alex_denormal_mode(void);

// Bytes of the calling processor's unified or data cache of that level (1 to 3); 0 where the system
// does not tell.
int64_t alex_cache_bytes(int32_t level);

// A chain of dependent integer additions, `count` cycles long on all current processors: the
// cheapest probe of the clock. Returns its elapsed time in nanoseconds.
int64_t alex_clock_probe_ns(int64_t count);

// ---- thread.c: placement and waiting -----------------------------------------------------------

// Pins the calling thread to one CPU. Returns 0 or an errno.
int32_t alex_pin_thread(int32_t cpu);
// Restricts the calling thread to the CPUs given. Returns 0 or an errno.
int32_t alex_set_affinity(const int32_t *cpus, int32_t count);
// Fills `cpus` with the CPUs that the calling thread may use; returns how many there are.
int32_t alex_get_affinity(int32_t *cpus, int32_t capacity);
int32_t alex_current_cpu(void);
int32_t alex_thread_id(void);

// Sleeps while *word == expected.
void alex_futex_wait(uint32_t *word, uint32_t expected);
// Wakes up to `count` sleepers.
void alex_futex_wake(uint32_t *word, int32_t count);
// Tells the processor that this is a spin loop.
void alex_pause(void);

// ---- library.c: libraries opened at run time ---------------------------------------------------

// Opens a library with its symbols kept to itself (RTLD_NOW, RTLD_LOCAL, RTLD_DEEPBIND where it
// exists). NULL and a message in `error` on failure.
void *alex_library_open(const char *path, char *error, size_t error_capacity);
void *alex_library_symbol(void *library, const char *name);
// The path of the file that holds `address`, or NULL.
const char *alex_library_path(const void *address);

// The three calls of the CBLAS interface (row-major) that the GEMM backends use, by address.
typedef void (*alex_sgemm_fn)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                              const float *a, int lda, const float *b, int ldb, float beta,
                              float *c, int ldc);
typedef void (*alex_sgemv_fn)(int order, int trans, int m, int n, float alpha, const float *a,
                              int lda, const float *x, int incx, float beta, float *y, int incy);

// ---- process.c: children -----------------------------------------------------------------------

// A pipe that no child inherits, away from the standard streams: its reading and its writing end.
// Returns 0 or an errno.
int32_t alex_pipe(int32_t ends[2]);
// A file without a name that holds `count` bytes and is read from its start. Returns 0 or an errno.
int32_t alex_memory_file(const void *bytes, size_t count, int32_t *descriptor);
// Lets a child inherit nothing but its standard streams, where the system can.
void alex_spawn_standard_streams_only(posix_spawn_file_actions_t *actions);
// A process may be started with SIGCHLD ignored; the system would then keep no child's exit code.
void alex_keep_child_status(void);
// Whether so many threads, and a child if wanted, can be started and live at the same time.
// Starts them, ends them, and returns 0 or an errno.
int32_t alex_can_start(int32_t thread_count, int32_t with_child);
// Fills `cpus` with the CPUs that the process could use when it started; returns how many there are.
int32_t alex_starting_affinity(int32_t *cpus, int32_t capacity);

// ---- memory.c: when there is none --------------------------------------------------------------

// Whether so many bytes of address space can be had at once. Returns 0 or an errno.
int32_t alex_can_map(int64_t byte_count);
// From now on a runtime that gets no memory ends the program with a sentence and exit code 3, where
// it would trap or abort.
void alex_explain_memory_failures(void);

// ---- usage.c: resources ------------------------------------------------------------------------

typedef struct {
  int64_t user_ns, system_ns;            // processor time of the whole process
  int64_t minor_faults, major_faults;
  int64_t voluntary_switches, involuntary_switches;
} alex_usage;

// FNV-1a over bytes, 64 bits; `hash` is that of the bytes before, or 0xcbf29ce484222325.
uint64_t alex_fnv1a(uint64_t hash, const void *bytes, int64_t count);

void alex_process_usage(alex_usage *usage);
// The largest resident size of this process so far; -1 where the system does not tell.
int64_t alex_peak_rss_bytes(void);
int64_t alex_monotonic_ns(void);
// Processor time of the calling thread.
int64_t alex_thread_cpu_ns(void);
// Processor time of all other threads of the process, exact at this moment: the clock of the process, as
// it is for another process, moves on with the ticks of the scheduler while a thread computes.
int64_t alex_other_threads_cpu_ns(void);
// Processor time of all threads of another process; -1 when it is gone.
int64_t alex_other_process_cpu_ns(int32_t process_id);

#endif
