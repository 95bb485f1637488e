#include "common/cpu_features.h"
#include <cstdlib>
#include <stdexcept>
#if defined(STEPGRAD_COMPILED_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace stepgrad {

#if defined(STEPGRAD_COMPILED_AMX)
static const int HIGHEST_COMPILED = AMX;
// cpuid, leaf 7: the tiles and their bfloat16 product. Linux then wants to be asked, once for the process, before it
// makes room for 8 KiB more of registers (Documentation/arch/x86/xstate.rst).
static bool amx_granted() {
  const long REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool known = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1) && (d >> 24 & 1);
  return known && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#elif defined(__x86_64__)
static const int HIGHEST_COMPILED = AVX512;
static bool amx_granted() { return false; }
#endif

#if defined(__x86_64__)
bool cpu_has(int level) {
  if (level == AMX) {
    static const bool granted = amx_granted();
    return granted && cpu_has(AVX512);
  }
  if (level == AVX512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && cpu_has(AVX2);
  if (level == AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return true;
}
#else
static const int HIGHEST_COMPILED = BASELINE;
bool cpu_has(int level) { return level == BASELINE; }
#endif

const char* isa_name(int level) {
  static const char* const NAMES[ISA_LEVELS] = {"baseline", "avx2", "avx512", "amx"};
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
  throw std::runtime_error(std::string("STEPGRAD_ISA=") + wish + ": expected baseline, avx2, avx512 or amx");
}

} // namespace stepgrad
