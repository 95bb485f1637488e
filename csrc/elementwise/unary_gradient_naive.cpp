// Bottom rung of the gradients of unary ops: a plain loop over the formula, with the C library's functions.
//
// Why it is slow: one call and one element at a time; gelu needs two calls.
//
// saved, dy, dx: [n]. 3n elements moved.
#include "common/registry.h"
#include "elementwise/elementwise.h"
#include <algorithm>
#include <cmath>

namespace stepgrad {
namespace {

template <class T, class F> void loop(const UnaryGradientArgs<T>& g, F f) {
  for (long i = 0; i < g.n; i++) g.dx[i] = f(g.saved[i], g.dy[i]);
}

STEPGRAD_RUNG(UnaryGradientArgs, "relu_gradient", "naive", 0, "a plain loop", relu_gradient_naive)
template <class T> void relu_gradient_naive(const UnaryGradientArgs<T>& g) {
  loop(g, [](T x, T dy) { return x > 0 ? dy : 0; });
}

STEPGRAD_RUNG(UnaryGradientArgs, "sigmoid_gradient", "naive", 0, "a plain loop", sigmoid_gradient_naive)
template <class T> void sigmoid_gradient_naive(const UnaryGradientArgs<T>& g) {
  loop(g, [](T y, T dy) { return dy * (y * (1 - y)); });
}

STEPGRAD_RUNG(UnaryGradientArgs, "tanh_gradient", "naive", 0, "a plain loop", tanh_gradient_naive)
template <class T> void tanh_gradient_naive(const UnaryGradientArgs<T>& g) {
  loop(g, [](T y, T dy) { return dy * (1 - y * y); });
}

// -bound <= x <= bound. Beyond, the slope is 0 or 1 to the last digit, but infinity * 0 would be NaN; NaN stays NaN.
template <class T> T between(T x, T bound) { return std::min(std::max(x, -bound), bound); }

// The slope of x sigmoid(v(x)): s + x v' s (1 - s), with s (1 - s) = e / (1 + e)^2, e = e^-|v|, right in both tails.
template <class T> T gated_slope(T x, T v, T slope_of_v) {
  const T e = std::exp(-std::abs(v)), s = (v < 0 ? e : 1) / (1 + e);
  return s + x * slope_of_v * (e / ((1 + e) * (1 + e)));
}

STEPGRAD_RUNG(UnaryGradientArgs, "silu_gradient", "naive", 0, "one C library call an element",
              silu_gradient_naive)
template <class T> void silu_gradient_naive(const UnaryGradientArgs<T>& g) {
  loop(g, [](T x, T dy) {
    x = between(x, T(SILU_BOUND));
    return dy * gated_slope(x, x, T(1));
  });
}

// dy (Phi(x) + x phi(x)), phi the normal density
STEPGRAD_RUNG(UnaryGradientArgs, "gelu_gradient", "naive", 0, "two C library calls an element",
              gelu_gradient_naive)
template <class T> void gelu_gradient_naive(const UnaryGradientArgs<T>& g) {
  loop(g, [](T x, T dy) {
    x = between(x, T(GELU_BOUND));
    return dy * (T(0.5) * std::erfc(x * T(-SQRT_HALF)) + x * T(NORMAL_PEAK) * std::exp(T(-0.5) * x * x));
  });
}

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_tanh_gradient", "naive", 0, "one C library call an element",
              gelu_tanh_gradient_naive)
template <class T> void gelu_tanh_gradient_naive(const UnaryGradientArgs<T>& g) {
  loop(g, [](T x, T dy) {
    x = between(x, T(GELU_TANH_BOUND));
    const T v = x * (x * x * T(2 * GELU_CUBE * GELU_C) + T(2 * GELU_C));
    return dy * gated_slope(x, v, x * x * T(6 * GELU_CUBE * GELU_C) + T(2 * GELU_C));
  });
}

} // namespace
} // namespace stepgrad
