// bfloat16: the upper 16 bits of a float, that is its sign, its exponent and 7 of its 23 fraction bits. Two or three
// digits, the range of a float.
#pragma once
#include "common/vec.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// The bits of the nearest bfloat16; halfway, the one whose last bit is 0. A NaN stays one: rounding its fraction could
// carry it to infinity, so the quiet bit is set instead.
STEPGRAD_INLINE uint16_t to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const uint32_t nearest = bits + 0x7fff + (bits >> 16 & 1), quiet = bits | 0x400000;
  return uint16_t(((bits & 0x7fffffff) > 0x7f800000 ? quiet : nearest) >> 16);
}

STEPGRAD_INLINE float from_bf16(uint16_t x) {
  const uint32_t bits = uint32_t(x) << 16;
  float y;
  std::memcpy(&y, &bits, sizeof y);
  return y;
}

// What a factor of matmul_bf16 becomes. A double stays as it is: whoever computes in double wants its digits.
STEPGRAD_INLINE float round_bf16(float x) { return from_bf16(to_bf16(x)); }
STEPGRAD_INLINE double round_bf16(double x) { return x; }
STEPGRAD_INLINE vec_f64 round_bf16(vec_f64 x) { return x; }
STEPGRAD_INLINE vec_f32 round_bf16(vec_f32 x) {
  const vec_u32 bits = reinterpret_cast<vec_u32>(x), nearest = bits + 0x7fff + (bits >> 16 & 1);
  return reinterpret_cast<vec_f32>((x != x ? bits | 0x400000 : nearest) & 0xffff0000);
}

// The factors of a kernel's products, where it has a twin that rounds them: factor::of(x).
struct Exact {
  static constexpr bool ROUNDS = false;
  template <class X> static STEPGRAD_INLINE X of(X x) { return x; }
};
struct Rounded {
  static constexpr bool ROUNDS = true;
  template <class X> static STEPGRAD_INLINE X of(X x) { return round_bf16(x); }
};

} // namespace STEPGRAD_ISA
} // namespace stepgrad
