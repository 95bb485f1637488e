// Top rung of the gradients of unary ops: whole vectors, shared among threads.
//
// What changes: exponentials and erfc are written out with vector operations (common/math.h), so 4, 8 or 16 elements are
// computed at once and no function is called; the gradients without one (relu, ...) only wait for memory.
//
// saved, dy, dx: [n]. 3n elements moved; about 30 FLOPs an element for silu, 60 for gelu.
#include "common/math.h"
#include "common/registry.h"
#include "common/thread_pool.h"
#include "elementwise/elementwise.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// ns: rough time for one element, so that short arrays stay on one thread.
template <class T, class F> void run(const UnaryGradientArgs<T>& g, double ns, F f) {
  parallel_for(g.n, ns * sizeof(T) / sizeof(float), [&](long begin, long end) {
    map(g.saved + begin, g.dy + begin, g.dx + begin, end - begin, f);
  });
}
constexpr double CHEAP = 0.25, COSTLY = 1.0;

STEPGRAD_RUNG(UnaryGradientArgs, "relu_gradient", "simd", 10, "vectors, threaded", relu_gradient_simd)
template <class T> void relu_gradient_simd(const UnaryGradientArgs<T>& g) {
  run(g, CHEAP, [](auto x, auto dy) { return x > 0 ? dy : decltype(dy){}; });
}

STEPGRAD_RUNG(UnaryGradientArgs, "sigmoid_gradient", "simd", 10, "vectors, threaded", sigmoid_gradient_simd)
template <class T> void sigmoid_gradient_simd(const UnaryGradientArgs<T>& g) {
  run(g, CHEAP, [](auto y, auto dy) { return dy * (y * (1 - y)); });
}

STEPGRAD_RUNG(UnaryGradientArgs, "tanh_gradient", "simd", 10, "vectors, threaded", tanh_gradient_simd)
template <class T> void tanh_gradient_simd(const UnaryGradientArgs<T>& g) {
  run(g, CHEAP, [](auto y, auto dy) { return dy * (1 - y * y); });
}

// -bound <= x <= bound. Beyond, the slope is 0 or 1 to the last digit, but infinity * 0 would be NaN; NaN stays NaN.
template <class T, class V> STEPGRAD_INLINE V between(V x, T bound) {
  x = x > bound ? splat(bound) : x;
  return x < -bound ? splat(-bound) : x;
}

// The slope of x sigmoid(v(x)): s + x v' s (1 - s), with s (1 - s) = e / (1 + e)^2, e = e^-|v|, right in both tails.
template <class V> STEPGRAD_INLINE V gated_slope(V x, V v, V slope_of_v) {
  const V e = vexp(-vabs(v)), inverse = 1 / (1 + e), s = (v < 0 ? e : 1 + V{}) * inverse;
  return s + x * slope_of_v * (e * inverse * inverse);
}

STEPGRAD_RUNG(UnaryGradientArgs, "silu_gradient", "simd", 10, "exponential on vectors, threaded",
              silu_gradient_simd)
template <class T> void silu_gradient_simd(const UnaryGradientArgs<T>& g) {
  run(g, COSTLY, [](auto x, auto dy) {
    x = between(x, T(SILU_BOUND));
    return dy * gated_slope(x, x, splat(T(1)));
  });
}

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_gradient", "simd", 10,
              "one exponential for the density and its tail, on vectors; threaded", gelu_gradient_simd)
template <class T> void gelu_gradient_simd(const UnaryGradientArgs<T>& g) {
  run(g, COSTLY, [](auto x, auto dy) { return dy * vgelu_slope(x); });
}

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_tanh_gradient", "simd", 10, "exponential on vectors, threaded",
              gelu_tanh_gradient_simd)
template <class T> void gelu_tanh_gradient_simd(const UnaryGradientArgs<T>& g) {
  run(g, COSTLY, [](auto x, auto dy) {
    x = between(x, T(GELU_TANH_BOUND));
    const auto v = x * (x * x * T(2 * GELU_CUBE * GELU_C) + T(2 * GELU_C));
    return dy * gated_slope(x, v, x * x * T(6 * GELU_CUBE * GELU_C) + T(2 * GELU_C));
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
