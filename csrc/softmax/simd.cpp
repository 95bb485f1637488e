// Third rung of the softmax family: vectors along the row.
//
// What changes: the exponentials are computed a vector at a time (common/math.h), and their sum is taken in the same
// pass that stores them. A row is never split, so its sum has one order. The rest of a row that does not fill a vector
// is filled with -inf, whose exponential adds nothing.
//
// All matrices [rows, n], loss and dloss [rows]. About n exponentials a row; 2 to 4 * rows * n elements moved.
#include "common/math.h"
#include "common/registry.h"
#include "softmax/rungs.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> constexpr T INF = std::numeric_limits<T>::infinity();
const auto plus = [](auto a, auto b) { return a + b; };

template <class T> T max_of(const T* x, long n) {
  vec<T> max = splat(-INF<T>);
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>) max = vmax(max, load(x + j));
  if (j < n) max = vmax(max, load_part(x + j, n - j, -INF<T>));
  return fold_lanes<T>(max, [](auto a, auto b) { return vmax(a, b); });
}

// sum of f(x[j]) and of f(x[j], y[j]); f of the filling, `rest`, must be 0.
template <class T, class F> T sum_of(const T* x, long n, T rest, F f) {
  vec<T> sum{};
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>) sum += f(load(x + j));
  if (j < n) sum += f(load_part(x + j, n - j, rest));
  return fold_lanes<T>(sum, plus);
}
template <class T, class F> T sum_of(const T* x, const T* y, long n, T rest, F f) {
  vec<T> sum{};
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>) sum += f(load(x + j), load(y + j));
  if (j < n) sum += f(load_part(x + j, n - j, rest), load_part(y + j, n - j, T(0)));
  return fold_lanes<T>(sum, plus);
}

// e[j] = exp(x[j] - max); returns their sum.
template <class T> T exponentials(const T* x, T* e, long n, T max) {
  vec<T> sum{};
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>) {
    const vec<T> v = vexp(load(x + j) - max);
    store(e + j, v);
    sum += v;
  }
  if (j < n) {
    const vec<T> v = vexp(load_part(x + j, n - j, -INF<T>) - max);
    store_part(e + j, v, n - j);
    sum += v;
  }
  return fold_lanes<T>(sum, plus);
}
template <class T> T log_sum_exp(const T* x, long n, T max) {
  return std::log(sum_of(x, n, -INF<T>, [=](auto v) { return vexp(v - max); }));
}

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "simd", 10, "vector exponentials, summed while they are stored",
              softmax_simd)
template <class T> void softmax_simd(const SoftmaxArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    T* y = g.y + i * g.n;
    const T sum = exponentials(x, y, g.n, max_of(x, g.n));
    map(y, y, g.n, [=](auto e) { return e / sum; });
  }
}

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "simd", 10, "vector exponentials, never stored", log_softmax_simd)
template <class T> void log_softmax_simd(const SoftmaxArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    const T max = max_of(x, g.n), log_sum = log_sum_exp(x, g.n, max);
    map(x, g.y + i * g.n, g.n, [=](auto v) { return v - max - log_sum; });
  }
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "simd", 10, "whole vectors at a time",
              softmax_gradient_simd)
template <class T> void softmax_gradient_simd(const SoftmaxGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *y = g.y + i * g.n, *dy = g.dy + i * g.n;
    const T dot = sum_of(y, dy, g.n, T(0), [](auto a, auto b) { return a * b; });
    map(y, dy, g.dx + i * g.n, g.n, [=](auto a, auto b) { return a * (b - dot); });
  }
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "simd", 10, "vector exponentials",
              log_softmax_gradient_simd)
template <class T> void log_softmax_gradient_simd(const SoftmaxGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *y = g.y + i * g.n, *dy = g.dy + i * g.n;
    const T sum = sum_of(dy, g.n, T(0), [](auto v) { return v; });
    map(y, dy, g.dx + i * g.n, g.n, [=](auto a, auto b) { return b - vexp(a) * sum; });
  }
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "simd", 10, "vector exponentials, never stored",
              cross_entropy_simd)
template <class T> void cross_entropy_simd(const CrossEntropyArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *x = g.logits + i * g.n, *labels = g.labels + i * g.n;
    const T max = max_of(x, g.n), log_sum = log_sum_exp(x, g.n, max);
    g.loss[i] = sum_of(x, labels, g.n, T(0), [=](auto v, auto label) {
      return label == 0 ? vec<T>{} : label * (log_sum - (v - max)); // 0 * inf counts as 0
    });
  }
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "simd", 10, "vector exponentials",
              cross_entropy_gradient_simd)
template <class T> void cross_entropy_gradient_simd(const CrossEntropyGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *x = g.logits + i * g.n, *labels = g.labels + i * g.n, dloss = g.dloss[i];
    T* dx = g.dlogits + i * g.n;
    const T sum = exponentials(x, dx, g.n, max_of(x, g.n)),
            all_labels = sum_of(labels, g.n, T(0), [](auto v) { return v; });
    map(dx, labels, dx, g.n, [=](auto e, auto label) { return dloss * (e / sum * all_labels - label); });
  }
}

template <class T> constexpr T NOT_A_NUMBER = std::numeric_limits<T>::quiet_NaN();

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "simd", 10,
              "vector exponentials, never stored", sparse_cross_entropy_simd)
template <class T> void sparse_cross_entropy_simd(const SparseCrossEntropyArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.logits + i * g.n;
    const int64_t label = g.labels[i];
    const T max = max_of(x, g.n), log_sum = log_sum_exp(x, g.n, max);
    g.loss[i] = label >= 0 && label < g.n ? log_sum - (x[label] - max) : NOT_A_NUMBER<T>;
  }
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "simd", 10,
              "vector exponentials", sparse_cross_entropy_gradient_simd)
template <class T> void sparse_cross_entropy_gradient_simd(const SparseCrossEntropyGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.logits + i * g.n;
    T* dx = g.dlogits + i * g.n;
    const int64_t label = g.labels[i];
    const bool inside = label >= 0 && label < g.n;
    const T dloss = inside ? g.dloss[i] : NOT_A_NUMBER<T>, sum = exponentials(x, dx, g.n, max_of(x, g.n));
    const T winner = inside ? dloss * (dx[label] / sum - 1) : 0;
    map(dx, dx, g.n, [=](auto e) { return dloss * (e / sum); });
    if (inside) dx[label] = winner;
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
