#include "CSupport.h"

#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static int has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

void alex_cpu_query(alex_cpu_info *info) {
  memset(info, 0, sizeof *info);
  uint32_t a, b, c, d;
  __cpuid(0, a, b, c, d);
  const uint32_t max_leaf = a;
  memcpy(info->vendor, &b, 4);
  memcpy(info->vendor + 4, &d, 4);
  memcpy(info->vendor + 8, &c, 4);

  __cpuid(1, a, b, c, d);
  const uint32_t leaf1_c = c;
  info->stepping = a & 0xf;
  info->model = (a >> 4) & 0xf;
  info->family = (a >> 8) & 0xf;
  if (info->family == 6 || info->family == 15) info->model |= ((a >> 16) & 0xf) << 4;
  if (info->family == 15) info->family += (a >> 20) & 0xff;

  __cpuid(0x80000000u, a, b, c, d);
  const uint32_t max_extended = a;
  uint32_t extended_c = 0;
  if (max_extended >= 0x80000001u) {
    __cpuid(0x80000001u, a, b, c, d);
    extended_c = c;
  }
  if (max_extended >= 0x80000004u) {
    for (uint32_t i = 0; i < 3; i++) {
      uint32_t words[4];
      __cpuid(0x80000002u + i, words[0], words[1], words[2], words[3]);
      memcpy(info->brand + 16 * i, words, 16);
    }
  }
  // OSXSAVE says that the operating system saves the wider registers, XCR0 which.
  if (max_leaf < 7 || !has(leaf1_c, bit_OSXSAVE)) return;
  const uint64_t xcr0 = read_xcr0();
  uint32_t leaf7_a, leaf7_b, leaf7_c, leaf7_d;
  __cpuid_count(7, 0, leaf7_a, leaf7_b, leaf7_c, leaf7_d);
  const uint32_t lzcnt = 1u << 5;
  info->x86_64_v3 = (xcr0 & 0x6) == 0x6 &&
                    has(leaf1_c, bit_AVX | bit_FMA | bit_F16C | bit_MOVBE) &&
                    has(leaf7_b, bit_AVX2 | bit_BMI | bit_BMI2) && has(extended_c, lzcnt);
  info->x86_64_v4 = info->x86_64_v3 && (xcr0 & 0xe6) == 0xe6 &&
                    has(leaf7_b, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ |
                                     bit_AVX512VL);
}

int32_t alex_denormal_mode(void) {
  uint32_t mxcsr;
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  return ((mxcsr >> 15) & 1) | (((mxcsr >> 6) & 1) << 1);
}

#else

void alex_cpu_query(alex_cpu_info *info) { memset(info, 0, sizeof *info); }
int32_t alex_denormal_mode(void) { return 0; }

#endif

int64_t alex_cache_bytes(int32_t level) {
  long bytes = 0;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  static const int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
  if (level >= 1 && level <= 3) bytes = sysconf(names[level - 1]);
#else
  (void)level;
#endif
  return bytes > 0 ? bytes : 0;
}

int64_t alex_clock_probe_ns(int64_t count) {
  const int64_t start = alex_monotonic_ns();
  uint64_t value = 0;
  for (int64_t i = 0; i < count; i += 16) {
    // The empty statement keeps the compiler from folding the chain.
#define ALEX_STEP value += 1; __asm__ volatile("" : "+r"(value));
    ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP
    ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP ALEX_STEP
#undef ALEX_STEP
  }
  return alex_monotonic_ns() - start;
}

const char *alex_c_compiler(void) { return __VERSION__; }
