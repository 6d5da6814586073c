// What Swift cannot say about counting: perf_event_open, the entry points of PAPI by address, and
// requests to valgrind. Included by CSupport.h.
#ifndef ALEXBENCH_COUNTING_H
#define ALEXBENCH_COUNTING_H

#include <stdint.h>

// ---- perf.c: perf_event_open -------------------------------------------------------------------

// Opens an event, stopped, on one thread and any CPU; `group` is the descriptor of the group's
// leader, or -1 for a leader. Returns a descriptor, or a negative errno.
int32_t alex_perf_open(uint32_t type, uint64_t config, int32_t thread, int32_t group,
                       int32_t excludes_kernel);
// Sets a whole group to zero and starts it; stops it. Returns 0 or a negative errno.
int32_t alex_perf_start(int32_t leader);
int32_t alex_perf_stop(int32_t leader);
// Reads a group in the order in which it was opened. Returns how many values there are, or a
// negative errno.
int32_t alex_perf_read(int32_t leader, int64_t *values, int32_t capacity, int64_t *time_enabled_ns,
                       int64_t *time_running_ns);
void alex_perf_close(int32_t descriptor);

// ---- papi.c: PAPI, opened at run time ----------------------------------------------------------

// The entry points that are used, with the names and the types of papi.h.
typedef struct {
  int (*library_init)(int version);
  int (*thread_init)(unsigned long (*thread)(void));
  int (*create_eventset)(int *set);
  int (*assign_eventset_component)(int set, int component);
  int (*attach)(int set, unsigned long thread);
  int (*add_named_event)(int set, const char *name);
  int (*start)(int set);
  int (*stop)(int set, long long *values);
  int (*get_multiplex)(int set);
  int (*cleanup_eventset)(int set);
  int (*destroy_eventset)(int *set);
  char *(*error_text)(int code);             // PAPI_strerror
  const void *(*get_component_info)(int component);
} alex_papi;

// Fills the table from an open library. Returns the name of a symbol that is missing, or NULL.
const char *alex_papi_bind(void *library, alex_papi *papi);
// PAPI_thread_init with the system's thread numbers.
int32_t alex_papi_init_threads(const alex_papi *papi);
// Why PAPI disabled a component, as it says it; empty when it did not.
void alex_papi_disabled_reason(const alex_papi *papi, int32_t component, char *text,
                               int32_t capacity);

// ---- valgrind.c: requests to valgrind ----------------------------------------------------------

// Whether this process runs under valgrind.
int32_t alex_runs_on_valgrind(void);
// Between the two, callgrind counts.
void alex_callgrind_start(void);
void alex_callgrind_stop(void);
// Writes what was counted to the next numbered file and sets it to zero.
void alex_callgrind_dump(void);

#endif
