// Which instruction set the kernels use: the best one that was compiled and that this CPU has.
#pragma once
#include <string>
#include <vector>

namespace stepgrad {

enum IsaLevel { BASELINE = 0, AVX2 = 1, AVX512 = 2, AMX = 3, ISA_LEVELS };

const char* isa_name(int level);
bool cpu_has(int level);
std::vector<std::string> compiled_isas();

// The environment variable STEPGRAD_ISA (baseline, avx2, avx512, amx), or the best.
// Throws std::runtime_error for an unknown name or one that the CPU or the build does not have.
int isa_in_use();

} // namespace stepgrad
