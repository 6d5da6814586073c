#define _GNU_SOURCE
#include "CSupport.h"

#include <dlfcn.h>
#include <stdio.h>

void *alex_library_open(const char *path, char *error, size_t error_capacity) {
  int flags = RTLD_NOW | RTLD_LOCAL;
#if defined(RTLD_DEEPBIND)
#if defined(__has_feature)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  flags |= RTLD_DEEPBIND;  // sanitizers refuse it
#endif
#else
  flags |= RTLD_DEEPBIND;
#endif
#endif
  void *library = dlopen(path, flags);
  if (!library && error && error_capacity) {
    const char *message = dlerror();
    snprintf(error, error_capacity, "%s", message ? message : "unknown error");
  }
  return library;
}

void *alex_library_symbol(void *library, const char *name) { return dlsym(library, name); }

const char *alex_library_path(const void *address) {
  Dl_info info;
  return dladdr(address, &info) ? info.dli_fname : NULL;
}
