#include "common/cpu_features.h"
#include <cstdlib>
#include <stdexcept>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#ifndef STEPGRAD_HIGHEST_COMPILED // CMakeLists.txt knows better where the compiler has instructions for bfloat16
#define STEPGRAD_HIGHEST_COMPILED AVX512
#endif

namespace stepgrad {

#if defined(__x86_64__)
static const int HIGHEST_COMPILED = STEPGRAD_HIGHEST_COMPILED;

// cpuid, leaf 7: registers a to d of a subleaf; zeros where the CPU does not know it.
struct Leaf7 {
  unsigned a = 0, b = 0, c = 0, d = 0;
  explicit Leaf7(unsigned subleaf) { __get_cpuid_count(7, subleaf, &a, &b, &c, &d); }
};

// The tiles and their bfloat16 product. Linux then wants to be asked, once for the process, before it makes room for 8 KiB
// more of registers (Documentation/arch/x86/xstate.rst).
static bool amx_granted() {
#if defined(__linux__)
  const long REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;
  const unsigned d = Leaf7(0).d;
  return (d >> 22 & 1) && (d >> 24 & 1) && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return false;
#endif
}

bool cpu_has(int level) {
  if (level == AMX) {
    static const bool granted = HIGHEST_COMPILED >= AMX && amx_granted();
    return granted && cpu_has(AVX512_BF16);
  }
  if (level == AVX512_BF16) {
    static const bool known = Leaf7(1).a >> 5 & 1; // asked once: under a hypervisor that takes microseconds
    return known && cpu_has(AVX512);
  }
  if (level == AVX512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && cpu_has(AVX2);
  if (level == AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return true;
}

// vdpbf16ps was measured against float multiply-adds, in registers: twice their rate on AMD's Zen 5, half of it on Intel's
// Sapphire Rapids. A rule by the CPU's maker keeps to what is known, and the same machine always gets the same bits, which a
// race when the module is loaded could not promise.
int slow_isa() { return __builtin_cpu_is("amd") ? NO_ISA : AVX512_BF16; }
#else
static const int HIGHEST_COMPILED = BASELINE;
bool cpu_has(int level) { return level == BASELINE; }
int slow_isa() { return NO_ISA; }
#endif

const char* isa_name(int level) {
  static const char* const NAMES[ISA_LEVELS] = {"baseline", "avx2", "avx512", "avx512_bf16", "amx"};
  return NAMES[level];
}

std::vector<std::string> compiled_isas() {
  std::vector<std::string> names;
  for (int level = BASELINE; level <= HIGHEST_COMPILED; level++) names.push_back(isa_name(level));
  return names;
}

int isa_in_use() {
  const char* wish = std::getenv("STEPGRAD_ISA");
  if (!wish || !*wish) {
    int level = HIGHEST_COMPILED;
    while (!cpu_has(level)) level--;
    return level;
  }
  for (int level = BASELINE; level < ISA_LEVELS; level++) {
    if (std::string(wish) != isa_name(level)) continue;
    if (level > HIGHEST_COMPILED || !cpu_has(level))
      throw std::runtime_error(std::string("STEPGRAD_ISA=") + wish +
                               ": this CPU or this build does not have it");
    return level;
  }
  throw std::runtime_error(std::string("STEPGRAD_ISA=") + wish +
                           ": expected baseline, avx2, avx512, avx512_bf16 or amx");
}

} // namespace stepgrad
