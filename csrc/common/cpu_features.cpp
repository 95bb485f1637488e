#include "common/cpu_features.h"
#include <cstdlib>
#include <stdexcept>

namespace stepgrad {

static const int NUM_LEVELS = 3;

#if defined(__x86_64__)
static const int HIGHEST_COMPILED = AVX512;
bool cpu_has(int level) {
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

const char* isa_name(int level) { return level == AVX512 ? "avx512" : level == AVX2 ? "avx2" : "baseline"; }

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
  for (int level = BASELINE; level < NUM_LEVELS; level++) {
    if (std::string(wish) != isa_name(level)) continue;
    if (level > HIGHEST_COMPILED || !cpu_has(level))
      throw std::runtime_error(std::string("STEPGRAD_ISA=") + wish +
                               ": this CPU or this build does not have it");
    return level;
  }
  throw std::runtime_error(std::string("STEPGRAD_ISA=") + wish + ": expected baseline, avx2 or avx512");
}

} // namespace stepgrad
