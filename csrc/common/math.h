// exp, log and their family on vectors: the same few operations on every lane, no branches, no tables.
//
// float: written out here, right for NaN, infinities, -0 and denormals. The largest errors found by a sweep over all
// exponents (tests/kernels/test_accuracy.py, which holds each to 2): exp 1.1, log 0.9, tanh 1.5, erf 1.7, sigmoid 1.5
// units in the last place.
// double: the C library, lane by lane; double is there for checking gradients, not for speed.
#pragma once
#include "common/vec.h"
#include <cmath>
#include <initializer_list>
#include <limits>

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_INLINE vec_f32 as_float(vec_i32 bits) { return reinterpret_cast<vec_f32>(bits); }
STEPGRAD_INLINE vec_i32 as_bits(vec_f32 x) { return reinterpret_cast<vec_i32>(x); }
STEPGRAD_INLINE vec_f32 vabs(vec_f32 x) { return as_float(as_bits(x) & 0x7fffffff); }
STEPGRAD_INLINE vec_f64 vabs(vec_f64 x) {
  return reinterpret_cast<vec_f64>(reinterpret_cast<vec_i64>(x) & INT64_MAX);
}

template <class V, class F> STEPGRAD_INLINE V each_lane(V v, F f) {
  for (unsigned i = 0; i < sizeof(V) / sizeof(v[0]); i++) v[i] = f(v[i]);
  return v;
}

constexpr float LN2_HI = 0.693359375f; // ln 2 in two parts: n * LN2_HI is exact for every exponent n
constexpr float LN2_LO = -2.12194440e-4f;
constexpr float LOG2_E = 1.44269504f;
constexpr float ROUNDER =
    12582912.0f; // 1.5 * 2^23: adding it pushes the fraction bits out, rounding to an integer

STEPGRAD_INLINE vec_f32 power_of_two(vec_i32 n) {
  return as_float(vec_i32((vec_u32(n) + 127) << 23));
} // 2^n for -126 <= n <= 127

// x = n ln 2 + r with |r| <= ln 2 / 2; returns e^r - 1 by Taylor's series: the first term left out, r^8 / 8!, is 5e-9.
// Lanes with an x far from 0 get any n at all, without overflow, which only unsigned numbers allow: who calls leaves them out.
STEPGRAD_INLINE vec_f32 reduced_expm1(vec_f32 x, vec_i32* n) {
  const vec_f32 shifted = x * LOG2_E + ROUNDER;
  const vec_f32 whole = shifted - ROUNDER;
  *n = vec_i32(vec_u32(as_bits(shifted)) - vec_u32(as_bits(splat(ROUNDER))));
  const vec_f32 r = (x - whole * LN2_HI) - whole * LN2_LO;
  const vec_f32 p =
      0.5f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f + r * (1 / 5040.0f)))));
  return r + r * r * p;
}

// e^x = 2^n e^r. 2^n is applied in two halves, so that results down to the last denormal and up to infinity come out.
STEPGRAD_INLINE vec_f32 vexp(vec_f32 x) {
  x = x > 89.0f ? splat(89.0f) : x; // written so that NaN passes
  x = x < -105.0f ? splat(-105.0f) : x;
  vec_i32 n;
  const vec_f32 p = reduced_expm1(x, &n);
  const vec_i32 half = n >> 1;
  return (1.0f + p) * power_of_two(half) * power_of_two(n - half);
}
STEPGRAD_INLINE vec_f64 vexp(vec_f64 x) {
  return each_lane(x, [](double v) { return std::exp(v); });
}

// x = 2^e m with m in [sqrt(1/2), sqrt(2)); with f = m - 1 and s = f / (2 + f),
//   log m = 2 (s + s^3/3 + s^5/5 + ...) = f - (f^2/2 - s (f^2/2 + R)),  R = 2 (s^2/3 + s^4/5 + ...)
// where the second form does not lose digits near m = 1.
STEPGRAD_INLINE vec_f32 vlog(vec_f32 x) {
  const float smallest_normal = std::numeric_limits<float>::min(),
              inf = std::numeric_limits<float>::infinity();
  const vec_i32 denormal = x < smallest_normal;
  const vec_i32 bits = as_bits(vabs(denormal ? x * 8388608.0f : x)); // 2^23; x < 0 is dealt with at the end
  const vec_i32 e = (bits - 0x3f3504f3) >> 23;                       // 0x3f3504f3: the bits of sqrt(1/2)
  const vec_f32 m = as_float(bits - (e << 23)), f = m - 1.0f, s = f / (2.0f + f), z = s * s,
                half_square = 0.5f * f * f;
  const vec_f32 R = z * (2 / 3.0f + z * (2 / 5.0f + z * (2 / 7.0f + z * (2 / 9.0f))));
  const vec_f32 k = __builtin_convertvector(denormal ? e - 23 : e, vec_f32);
  vec_f32 y = k * LN2_HI - ((half_square - (s * (half_square + R) + k * LN2_LO)) - f);
  y = x == inf ? x : y;
  y = x == 0.0f ? splat(-inf) : y;
  return (x < 0.0f) | (x != x) ? splat(std::numeric_limits<float>::quiet_NaN()) : y;
}
STEPGRAD_INLINE vec_f64 vlog(vec_f64 x) {
  return each_lane(x, [](double v) { return std::log(v); });
}

// 1 / (1 + e^-x) = 1 - v with v = e / (1 + e), e = e^-|x|; for negative x it is v itself, so that nothing overflows and small
// results keep their digits. What was rounded away in u = 1 + e goes into v at the end: dv = -v du / u. 2^n comes in two
// factors, the second always the same, so that e reaches the last denormal.
STEPGRAD_INLINE vec_f32 vsigmoid(vec_f32 x) {
  vec_f32 a = -vabs(x);
  a = a < -105.0f ? splat(-105.0f) : a; // written so that NaN passes
  vec_i32 n;
  const vec_f32 p = reduced_expm1(a, &n);
  const vec_f32 e = (1.0f + p) * power_of_two(n + 64) * 5.421010862427522e-20f; // 2^-64
  const vec_f32 u = 1.0f + e, du = e - (u - 1.0f), quotient = e / u;
  const vec_f32 v = quotient - quotient * du * (1.0f - quotient);
  return x < 0.0f ? v : 1.0f - v;
}
STEPGRAD_INLINE vec_f64 vsigmoid(vec_f64 x) {
  const vec_f64 e = vexp(-vabs(x));
  return (x < 0 ? e : 1 + vec_f64{}) / (1 + e);
}

// tanh |x| = E / (E + 2) with E = e^(2|x|) - 1 = 2^n (e^r - 1) + (2^n - 1), and below 0.3, where three roundings would be
// one too many, x - x^3/3 + 2 x^5/15 - ...; the first term left out is 2e-9 of the result.
STEPGRAD_INLINE vec_f32 vtanh(vec_f32 x) {
  vec_f32 a = vabs(x);
  a = a > 10.0f ? splat(10.0f) : a; // tanh 10 is 1 already
  vec_i32 n;
  const vec_f32 p = reduced_expm1(2.0f * a, &n);
  const vec_f32 scale = power_of_two(n), E = scale * p + (scale - 1.0f);
  const vec_f32 z = a * a;
  const vec_f32 q =
      z * (-1 / 3.0f + z * (2 / 15.0f + z * (-17 / 315.0f + z * (62 / 2835.0f - z * (1382 / 155925.0f)))));
  const vec_f32 y = a < 0.3f ? a + a * q : E / (E + 2.0f);
  return as_float(as_bits(y) | (as_bits(x) & INT32_MIN)); // the sign of x, also of -0
}
STEPGRAD_INLINE vec_f64 vtanh(vec_f64 x) {
  return each_lane(x, [](double v) { return std::tanh(v); });
}

// log(1 + e^x) = max(x, 0) + log(1 + e), e = e^-|x|. Rounding u = 1 + e loses the end of e; (e - (u - 1)) / u gives it back.
STEPGRAD_INLINE vec_f32 vsoftplus(vec_f32 x) {
  const vec_f32 e = vexp(-vabs(x)), u = 1.0f + e;
  return (x < 0.0f ? vec_f32{} : x) + (vlog(u) + (e - (u - 1.0f)) / u);
}
STEPGRAD_INLINE vec_f64 vsoftplus(vec_f64 x) {
  return each_lane(x, [](double v) { return (v < 0 ? 0 : v) + std::log1p(std::exp(-std::abs(v))); });
}

// e^x for x <= 0 and large enough for a result that is not denormal, otherwise 0: what weights and tails need.
STEPGRAD_INLINE vec_f32 vexp_down(vec_f32 x) {
  vec_i32 n;
  const vec_f32 p = reduced_expm1(x, &n);
  return x < -87.0f ? vec_f32{} : (1.0f + p) * power_of_two(n); // written so that NaN passes
}
STEPGRAD_INLINE vec_f64 vexp_down(vec_f64 x) { return vexp(x); }

// e^(z^2) erfc z = t P(t), t = 1 / (1 + z/2), for 0 <= z <= 10.2. P: minimax fit of degree 8, relative error 4e-8.
STEPGRAD_INLINE vec_f32 vscaled_erfc(vec_f32 z) {
  const vec_f32 t = 1.0f / (1.0f + 0.5f * z);
  vec_f32 P = splat(-0.059124596f);
  for (float c : {0.28484699f, -0.48776451f, 0.27871478f, -0.02707305f, 0.20287665f, 0.24305561f, 0.28238195f,
                  0.28208604f})
    P = P * t + c;
  return t * P;
}

// For z >= 0. Rounding z^2 costs up to z^2 / 2 units in the last place of the tail, nothing where it is taken from 1.
STEPGRAD_INLINE vec_f32 vpositive_erfc(vec_f32 z) { return vexp_down(-z * z) * vscaled_erfc(z); }

// erf x = 2/sqrt(pi) (x - x^3/3 + x^5/10 - ...) for |x| < 0.9, and 1 - erfc beyond. The series is written as x + x t with
// t = (2/sqrt(pi) - 1) + ...: t is small, and so are the roundings in it.
STEPGRAD_INLINE vec_f32 verf(vec_f32 x) {
  const vec_f32 a = vabs(x), z = x * x;
  vec_f32 series = splat(-1.0f / (362880 * 19));
  for (float c : {1.0f / (40320 * 17), -1.0f / (5040 * 15), 1.0f / (720 * 13), -1.0f / (120 * 11),
                  1.0f / (24 * 9), -1.0f / (6 * 7), 1.0f / (2 * 5), -1.0f / 3})
    series = series * z + c;
  const vec_f32 t = 0.128379167f + 1.12837917f * (z * series);
  const vec_f32 far = as_float(as_bits(1.0f - vpositive_erfc(a)) | (as_bits(x) & INT32_MIN));
  return a < 0.9f ? x + x * t : far;
}
STEPGRAD_INLINE vec_f64 verf(vec_f64 x) {
  return each_lane(x, [](double v) { return std::erf(v); });
}

// x Phi(x), Phi(x) = erfc(-x / sqrt 2) / 2: the left tail keeps its digits.
STEPGRAD_INLINE vec_f32 vgelu(vec_f32 x) {
  const vec_f32 tail = 0.5f * vpositive_erfc(vabs(x) * 0.70710678f);
  return x * (x < 0.0f ? tail : 1.0f - tail);
}
STEPGRAD_INLINE vec_f64 vgelu(vec_f64 x) {
  return each_lane(x, [](double v) { return v * (0.5 * std::erfc(v * -0.70710678118654752440)); });
}

// The slope of gelu, Phi(x) + x phi(x), phi the normal density. Left of 0 it is a tail of both; right of 0, 1 minus the same.
STEPGRAD_INLINE vec_f32 vgelu_slope(vec_f32 x) {
  vec_f32 z = vabs(x) * 0.70710678f;
  z = z > 10.0f ? splat(10.0f) : z; // infinity * 0 would be NaN
  const vec_f32 e = vexp_down(-z * z),
                tail = 0.5f * e * vscaled_erfc(z) - 0.56418958f * e * z; // 1 / sqrt(pi); 0 - 0 is +0
  return x < 0.0f ? tail : 1.0f - tail;
}
STEPGRAD_INLINE vec_f64 vgelu_slope(vec_f64 x) {
  return each_lane(x, [](double v) {
    v = v > 40 ? 40 : v < -40 ? -40 : v;
    return 0.5 * std::erfc(v * -0.70710678118654752440) + v * 0.39894228040143267794 * std::exp(-0.5 * v * v);
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
