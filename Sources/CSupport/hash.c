#include "CSupport.h"

uint64_t alex_fnv1a(uint64_t hash, const void *bytes, int64_t count) {
  const unsigned char *byte = bytes;
  for (int64_t i = 0; i < count; i++) hash = (hash ^ byte[i]) * 0x00000100000001b3u;
  return hash;
}
