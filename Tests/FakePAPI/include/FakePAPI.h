// PAPI's entry points with scripted results, for machines without counters.
#ifndef ALEXBENCH_FAKE_PAPI_H
#define ALEXBENCH_FAKE_PAPI_H

#include "CSupport.h"

// What the library will do from now on.
typedef struct {
  int release;           // that PAPI_library_init accepts
  int capacity;          // events that a set takes; one more is a conflict
  int is_disabled;       // the component counts nothing, and says why
  int is_multiplexed;    // sets count part of the time
  int refuses_threads;   // only the first thread after this call can be attached to
} fake_papi_script;

// PAPI_E1 and PAPI_E2 … PAPI_E9 exist; PAPI_E<n> counts n on every thread.
alex_papi fake_papi(fake_papi_script script);
// Sets that are open, to find those that were forgotten.
int fake_papi_open_sets(void);

#endif
