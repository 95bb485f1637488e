// Top rung of the unary ops: whole vectors, shared among threads.
//
// What changes: exp, tanh and the rest are written out with vector operations (common/math.h), so 4, 8 or 16 elements
// are computed at once and no function is called. The cheap ops (relu, abs, ...) only wait for memory; for them vectors
// gain while the data is in cache, threads beyond. The tail goes through the same vector formula.
//
// x, y: [n]. 2n elements moved; about 20 FLOPs an element for exp, 40 for gelu.
#include "common/math.h"
#include "common/registry.h"
#include "common/thread_pool.h"
#include "elementwise/elementwise.h"
#include "matmul/bf16.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// ns: rough time for one element, so that short arrays stay on one thread.
template <class T, class F> void run(const UnaryArgs<T>& g, double ns, F f) {
  parallel_for(g.n, ns * sizeof(T) / sizeof(float),
               [&](long begin, long end) { map(g.x + begin, g.y + begin, end - begin, f); });
}
constexpr double CHEAP = 0.25, COSTLY = 1.0;

STEPGRAD_RUNG(UnaryArgs, "exp", "simd", 10, "Taylor's series on vectors, threaded", exp_simd)
template <class T> void exp_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return vexp(x); });
}

STEPGRAD_RUNG(UnaryArgs, "log", "simd", 10, "series on vectors, threaded", log_simd)
template <class T> void log_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return vlog(x); });
}

STEPGRAD_RUNG(UnaryArgs, "sqrt", "simd", 10, "the compiler's vectors, threaded", sqrt_simd)
template <class T> void sqrt_simd(const UnaryArgs<T>& g) {
  parallel_for(g.n, CHEAP * 2, [&](long begin, long end) {
    for (long i = begin; i < end; i++)
      g.y[i] = std::sqrt(g.x[i]); // one instruction: the compiler vectorises this loop
  });
}

STEPGRAD_RUNG(UnaryArgs, "tanh", "simd", 10, "exponential on vectors, threaded", tanh_simd)
template <class T> void tanh_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return vtanh(x); });
}

STEPGRAD_RUNG(UnaryArgs, "erf", "simd", 10, "series and a polynomial fit on vectors, threaded", erf_simd)
template <class T> void erf_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return verf(x); });
}

STEPGRAD_RUNG(UnaryArgs, "sigmoid", "simd", 10, "exponential on vectors, threaded", sigmoid_simd)
template <class T> void sigmoid_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return vsigmoid(x); });
}

STEPGRAD_RUNG(UnaryArgs, "silu", "simd", 10, "exponential on vectors, threaded", silu_simd)
template <class T> void silu_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return x * vsigmoid(x); });
}

STEPGRAD_RUNG(UnaryArgs, "softplus", "simd", 10, "exponential and logarithm on vectors, threaded",
              softplus_simd)
template <class T> void softplus_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return vsoftplus(x); });
}

STEPGRAD_RUNG(UnaryArgs, "gelu", "simd", 10, "a polynomial fit on vectors, threaded", gelu_simd)
template <class T> void gelu_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY, [](auto x) { return vgelu(x); });
}

STEPGRAD_RUNG(UnaryArgs, "gelu_tanh", "simd", 10, "exponential on vectors, threaded", gelu_tanh_simd)
template <class T> void gelu_tanh_simd(const UnaryArgs<T>& g) {
  run(g, COSTLY,
      [](auto x) { return x * vsigmoid(x * (x * x * T(2 * GELU_CUBE * GELU_C) + T(2 * GELU_C))); });
}

STEPGRAD_RUNG(UnaryArgs, "relu", "simd", 10, "vectors, threaded", relu_simd)
template <class T> void relu_simd(const UnaryArgs<T>& g) {
  run(g, CHEAP, [](auto x) { return x < 0 ? decltype(x){} : x; }); // asked this way round, a NaN stays a NaN
}

STEPGRAD_RUNG(UnaryArgs, "negative", "simd", 10, "vectors, threaded", negative_simd)
template <class T> void negative_simd(const UnaryArgs<T>& g) {
  run(g, CHEAP, [](auto x) { return -x; });
}

STEPGRAD_RUNG(UnaryArgs, "abs", "simd", 10, "vectors, threaded", abs_simd)
template <class T> void abs_simd(const UnaryArgs<T>& g) {
  run(g, CHEAP, [](auto x) { return vabs(x); });
}

STEPGRAD_RUNG(UnaryArgs, "square", "simd", 10, "vectors, threaded", square_simd)
template <class T> void square_simd(const UnaryArgs<T>& g) {
  run(g, CHEAP, [](auto x) { return x * x; });
}

STEPGRAD_RUNG(UnaryArgs, "round_bf16", "simd", 10, "the compiler's vectors, threaded", round_bf16_simd)
template <class T> void round_bf16_simd(const UnaryArgs<T>& g) {
  parallel_for(g.n, CHEAP, [&](long begin, long end) {
    for (long i = begin; i < end; i++) g.y[i] = round_bf16(g.x[i]);
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
