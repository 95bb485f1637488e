// The formulas of the elementwise ops for CUDA threads; one place for all rungs. See unary_naive.cpp for their reasons.
#pragma once
#include "cuda/bfloat16.h"
#include "elementwise/elementwise.h"
#include <cmath>

namespace stepgrad {

#define STEPGRAD_FORMULA(Name, ...)                                                                          \
  struct Name {                                                                                              \
    template <class T> __device__ T operator()(__VA_ARGS__) const;                                           \
  };                                                                                                         \
  template <class T> __device__ T Name::operator()(__VA_ARGS__) const

// 1 / (1 + e^-x). For negative x written as e^x / (1 + e^x): the exponential never overflows.
template <class T> __device__ T sigmoid(T x) {
  const T e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

STEPGRAD_FORMULA(Exp, T x) { return std::exp(x); }
STEPGRAD_FORMULA(Log, T x) { return std::log(x); }
STEPGRAD_FORMULA(Sqrt, T x) { return std::sqrt(x); }
STEPGRAD_FORMULA(Tanh, T x) { return std::tanh(x); }
STEPGRAD_FORMULA(Erf, T x) { return std::erf(x); }
STEPGRAD_FORMULA(Sigmoid, T x) { return sigmoid(x); }
STEPGRAD_FORMULA(Silu, T x) { return x * sigmoid(x); }
STEPGRAD_FORMULA(Softplus, T x) { return (x < 0 ? T(0) : x) + std::log1p(std::exp(-std::abs(x))); }
STEPGRAD_FORMULA(Gelu, T x) { return x * (T(0.5) * std::erfc(x * T(-SQRT_HALF))); }
STEPGRAD_FORMULA(GeluTanh, T x) {
  return x * sigmoid(x * (x * x * T(2 * GELU_CUBE * GELU_C) + T(2 * GELU_C)));
}
STEPGRAD_FORMULA(Relu, T x) { return x < 0 ? T(0) : x; } // asked this way round, a NaN stays a NaN
STEPGRAD_FORMULA(Negative, T x) { return -x; }
STEPGRAD_FORMULA(Abs, T x) { return std::abs(x); }
STEPGRAD_FORMULA(Square, T x) { return x * x; }
// A double stays as it is: whoever computes in double wants its digits.
STEPGRAD_FORMULA(RoundBf16, T x) {
  if constexpr (sizeof(T) == sizeof(float)) return to_float(to_bfloat16(x));
  return x;
}

STEPGRAD_FORMULA(Sum, T a, T b) { return a + b; }
STEPGRAD_FORMULA(Difference, T a, T b) { return a - b; }
STEPGRAD_FORMULA(Product, T a, T b) { return a * b; }
STEPGRAD_FORMULA(Quotient, T a, T b) { return a / b; }
// A NaN on either side wins: `a != a` asks whether a is one, and a comparison with a NaN b is false.
STEPGRAD_FORMULA(Maximum, T a, T b) { return a > b || a != a ? a : b; }
STEPGRAD_FORMULA(Minimum, T a, T b) { return a < b || a != a ? a : b; }

// -bound <= x <= bound. Beyond, the slope is 0 or 1 to the last digit, but infinity * 0 would be NaN; NaN stays NaN.
template <class T> __device__ T between(T x, T bound) { return x < -bound ? -bound : x > bound ? bound : x; }

// The slope of x sigmoid(v(x)): s + x v' s (1 - s), with s (1 - s) = e / (1 + e)^2, e = e^-|v|, right in both tails.
template <class T> __device__ T gated_slope(T x, T v, T slope_of_v) {
  const T e = std::exp(-std::abs(v)), s = (v < 0 ? e : T(1)) / (1 + e);
  return s + x * slope_of_v * (e / ((1 + e) * (1 + e)));
}

// dx of (saved, dy); saved is x, or y for sigmoid and tanh.
STEPGRAD_FORMULA(ReluGradient, T x, T dy) { return x > 0 ? dy : T(0); }
STEPGRAD_FORMULA(SigmoidGradient, T y, T dy) { return dy * (y * (1 - y)); }
STEPGRAD_FORMULA(TanhGradient, T y, T dy) { return dy * (1 - y * y); }
STEPGRAD_FORMULA(SiluGradient, T x, T dy) {
  const T inner = between(x, T(SILU_BOUND));
  return dy * gated_slope(inner, inner, T(1));
}
STEPGRAD_FORMULA(GeluGradient, T x, T dy) {
  const T z = between(x, T(GELU_BOUND));
  return dy * (T(0.5) * std::erfc(z * T(-SQRT_HALF)) + z * T(NORMAL_PEAK) * std::exp(T(-0.5) * z * z));
}
STEPGRAD_FORMULA(GeluTanhGradient, T x, T dy) {
  const T z = between(x, T(GELU_TANH_BOUND));
  const T v = z * (z * z * T(2 * GELU_CUBE * GELU_C) + T(2 * GELU_C));
  return dy * gated_slope(z, v, z * z * T(6 * GELU_CUBE * GELU_C) + T(2 * GELU_C));
}

#undef STEPGRAD_FORMULA

} // namespace stepgrad
