#define _GNU_SOURCE
#include "CSupport.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *alex_papi_bind(void *library, alex_papi *papi) {
#define BIND(field, symbol)                                                \
  do {                                                                     \
    void *address = alex_library_symbol(library, symbol);                  \
    if (!address) return symbol;                                           \
    memcpy(&papi->field, &address, sizeof address);                        \
  } while (0)
  BIND(library_init, "PAPI_library_init");
  BIND(thread_init, "PAPI_thread_init");
  BIND(create_eventset, "PAPI_create_eventset");
  BIND(assign_eventset_component, "PAPI_assign_eventset_component");
  BIND(attach, "PAPI_attach");
  BIND(add_named_event, "PAPI_add_named_event");
  BIND(start, "PAPI_start");
  BIND(stop, "PAPI_stop");
  BIND(get_multiplex, "PAPI_get_multiplex");
  BIND(cleanup_eventset, "PAPI_cleanup_eventset");
  BIND(destroy_eventset, "PAPI_destroy_eventset");
  BIND(error_text, "PAPI_strerror");
  BIND(get_component_info, "PAPI_get_component_info");
#undef BIND
  return NULL;
}

static unsigned long thread_number(void) { return (unsigned long)syscall(SYS_gettid); }

int32_t alex_papi_init_threads(const alex_papi *papi) { return papi->thread_init(thread_number); }

void alex_papi_disabled_reason(const alex_papi *papi, int32_t component, char *text,
                               int32_t capacity) {
  // PAPI_component_info_t begins with name[128], short_name[64], description[128], version[64],
  // support_version[64], kernel_version[64] in all releases from 6 on; then comes disabled_reason.
  enum { reason_offset = 128 + 64 + 128 + 64 + 64 + 64, least_reason_length = 128 };
  if (capacity <= 0) return;
  text[0] = 0;
  const char *info = papi->get_component_info(component);
  if (!info) return;
  snprintf(text, (size_t)capacity, "%.*s", least_reason_length, info + reason_offset);
}
