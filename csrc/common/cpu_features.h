// Which instruction set the kernels use: the best one that was compiled and that this CPU has.
#pragma once
#include <string>
#include <vector>

namespace stepgrad {

enum IsaLevel { BASELINE = 0, AVX2 = 1, AVX512 = 2, AVX512_BF16 = 3, AMX = 4, ISA_LEVELS };
constexpr int NO_ISA = -1;

const char* isa_name(int level);
bool cpu_has(int level);
std::vector<std::string> compiled_isas();

// The environment variable STEPGRAD_ISA (one of isa_name), or the best.
// Throws std::runtime_error for an unknown name or one that the CPU or the build does not have.
int isa_in_use();

// An instruction set that this CPU has but executes so slowly that rungs without it are faster, or NO_ISA.
int slow_isa();

} // namespace stepgrad
