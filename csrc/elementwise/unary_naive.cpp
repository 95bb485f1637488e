// Bottom rung of the unary ops: a plain loop over the formula, with the C library's functions.
//
// Why it is slow: one call and one element at a time. exp or tanh of the C library take 5 to 20 ns a call.
//
// x, y: [n]. 2n elements moved.
#include "common/registry.h"
#include "elementwise/elementwise.h"
#include "matmul/bf16.h"
#include <cmath>

namespace stepgrad {
namespace {

template <class T, class F> void loop(const UnaryArgs<T>& g, F f) {
  for (long i = 0; i < g.n; i++) g.y[i] = f(g.x[i]);
}

STEPGRAD_RUNG(UnaryArgs, "exp", "naive", 0, "one C library call an element", exp_naive)
template <class T> void exp_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return std::exp(x); });
}

STEPGRAD_RUNG(UnaryArgs, "log", "naive", 0, "one C library call an element", log_naive)
template <class T> void log_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return std::log(x); });
}

STEPGRAD_RUNG(UnaryArgs, "sqrt", "naive", 0, "a plain loop", sqrt_naive)
template <class T> void sqrt_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return std::sqrt(x); });
}

STEPGRAD_RUNG(UnaryArgs, "tanh", "naive", 0, "one C library call an element", tanh_naive)
template <class T> void tanh_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return std::tanh(x); });
}

STEPGRAD_RUNG(UnaryArgs, "erf", "naive", 0, "one C library call an element", erf_naive)
template <class T> void erf_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return std::erf(x); });
}

// 1 / (1 + e^-x). For negative x written as e^x / (1 + e^x): the exponential never overflows.
// In double: three roundings to float would add up to more than 2 units in the last place.
template <class T> T sigmoid(T x) {
  double e = std::exp(-std::abs(double(x)));
  return T(x < 0 ? e / (1 + e) : 1 / (1 + e));
}

STEPGRAD_RUNG(UnaryArgs, "sigmoid", "naive", 0, "one C library call an element", sigmoid_naive)
template <class T> void sigmoid_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return sigmoid(x); });
}

STEPGRAD_RUNG(UnaryArgs, "silu", "naive", 0, "one C library call an element", silu_naive)
template <class T> void silu_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return x * sigmoid(x); });
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|)
STEPGRAD_RUNG(UnaryArgs, "softplus", "naive", 0, "two C library calls an element", softplus_naive)
template <class T> void softplus_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::abs(x))); });
}

// x * Phi(x), Phi the normal distribution function. erfc keeps the digits of the left tail, where 1 + erf cancels.
STEPGRAD_RUNG(UnaryArgs, "gelu", "naive", 0, "one C library call an element", gelu_naive)
template <class T> void gelu_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return x * (T(0.5) * std::erfc(x * T(-0.70710678118654752440))); });
}

// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the same as x (1 + tanh u) / 2, and the left tail keeps its digits.
STEPGRAD_RUNG(UnaryArgs, "gelu_tanh", "naive", 0, "one C library call an element", gelu_tanh_naive)
template <class T> void gelu_tanh_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return x * sigmoid(x * (x * x * T(2 * GELU_CUBE * GELU_C) + T(2 * GELU_C))); });
}

STEPGRAD_RUNG(UnaryArgs, "relu", "naive", 0, "a plain loop", relu_naive)
template <class T> void relu_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return x < 0 ? 0 : x; }); // asked this way round, a NaN stays a NaN
}

STEPGRAD_RUNG(UnaryArgs, "negative", "naive", 0, "a plain loop", negative_naive)
template <class T> void negative_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return -x; });
}

STEPGRAD_RUNG(UnaryArgs, "abs", "naive", 0, "a plain loop", abs_naive)
template <class T> void abs_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return std::abs(x); });
}

STEPGRAD_RUNG(UnaryArgs, "square", "naive", 0, "a plain loop", square_naive)
template <class T> void square_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return x * x; });
}

STEPGRAD_RUNG(UnaryArgs, "round_bf16", "naive", 0, "a plain loop", round_bf16_naive)
template <class T> void round_bf16_naive(const UnaryArgs<T>& g) {
  loop(g, [](T x) { return STEPGRAD_ISA::round_bf16(x); });
}

} // namespace
} // namespace stepgrad
