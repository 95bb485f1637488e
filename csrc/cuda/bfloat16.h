// bfloat16: the upper half of a float. Eight bits of exponent as float has, eight bits of precision instead of 24.
#pragma once
#include "cuda/cuda.h"
#include <cstdint>

namespace stepgrad {

struct bfloat16 {
  uint16_t bits;
};

// Rounds to nearest, ties to even; NaN stays NaN.
__device__ inline bfloat16 to_bfloat16(float x) {
  const unsigned u = __float_as_uint(x);
  if ((u & 0x7fffffffu) > 0x7f800000u) return {uint16_t(u >> 16 | 0x40)};
  return {uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16)};
}

// Two numbers in a register, the first one low, as mma takes them.
__device__ inline unsigned pack_bfloat16(float low, float high) {
#ifdef __CUDA_ARCH__
  unsigned both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
#else
  return to_bfloat16(low).bits | unsigned(to_bfloat16(high).bits) << 16;
#endif
}

__device__ inline float to_float(bfloat16 x) { return __uint_as_float(unsigned(x.bits) << 16); }

} // namespace stepgrad
