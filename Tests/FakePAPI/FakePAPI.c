#include "FakePAPI.h"

#include <string.h>

enum { set_count = 256, largest_set = 16 };

static fake_papi_script script;
static unsigned long first_thread;
static struct {
  int is_open, is_attached, is_running, count;
  int events[largest_set];
} sets[set_count];

static int library_init(int version) { return version == script.release ? version : -1; }
static int thread_init(unsigned long (*thread)(void)) { return thread() ? 0 : -1; }

static int create_eventset(int *set) {
  for (int i = 0; i < set_count; i++) {
    if (sets[i].is_open) continue;
    memset(&sets[i], 0, sizeof sets[i]);
    sets[i].is_open = 1;
    *set = i;
    return 0;
  }
  return -2;
}

static int assign_component(int set, int component) {
  return sets[set].is_open && component == 0 ? 0 : -1;
}

static int attach(int set, unsigned long thread) {
  if (script.refuses_threads) {
    if (!first_thread) first_thread = thread;
    if (thread != first_thread) return -15;
  }
  sets[set].is_attached = 1;
  return 0;
}

static int add_named_event(int set, const char *name) {
  if (script.is_disabled) return -25;
  if (strncmp(name, "PAPI_E", 6) != 0 || name[6] < '1' || name[6] > '9' || name[7]) return -7;
  if (!sets[set].is_attached) return -1;
  if (sets[set].count == script.capacity) return -8;
  sets[set].events[sets[set].count++] = name[6] - '0';
  return 0;
}

static int start(int set) {
  if (!sets[set].count || sets[set].is_running) return -1;
  sets[set].is_running = 1;
  return 0;
}

static int stop(int set, long long *values) {
  if (!sets[set].is_running) return -9;
  sets[set].is_running = 0;
  for (int i = 0; i < sets[set].count; i++) values[i] = sets[set].events[i];
  return 0;
}

static int get_multiplex(int set) { return sets[set].is_open && script.is_multiplexed; }

static int cleanup_eventset(int set) {
  sets[set].count = 0;
  return 0;
}

static int destroy_eventset(int *set) {
  if (*set < 0 || sets[*set].count || sets[*set].is_running) return -1;
  sets[*set].is_open = 0;
  *set = -1;
  return 0;
}

static char *error_text(int code) {
  switch (code) {
    case -1: return "Invalid argument";
    case -7: return "Event does not exist";
    case -8: return "Event exists, but cannot be counted due to hardware resource limits";
    case -15: return "Permission level does not permit operation";
    case -25: return "Component containing event is disabled";
    default: return "Unknown error";
  }
}

static const void *get_component_info(int component) {
  static char info[2048];
  memset(info, 0, sizeof info);
  if (component != 0) return NULL;
  if (script.is_disabled) strcpy(info + 512, "Error libpfm4 no default PMU found");
  return info;
}

alex_papi fake_papi(fake_papi_script wanted) {
  script = wanted;
  first_thread = 0;
  const alex_papi papi = {
      .library_init = library_init,
      .thread_init = thread_init,
      .create_eventset = create_eventset,
      .assign_eventset_component = assign_component,
      .attach = attach,
      .add_named_event = add_named_event,
      .start = start,
      .stop = stop,
      .get_multiplex = get_multiplex,
      .cleanup_eventset = cleanup_eventset,
      .destroy_eventset = destroy_eventset,
      .error_text = error_text,
      .get_component_info = get_component_info,
  };
  return papi;
}

int fake_papi_open_sets(void) {
  int count = 0;
  for (int i = 0; i < set_count; i++) count += sets[i].is_open;
  return count;
}
