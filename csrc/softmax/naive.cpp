// Bottom rung of the softmax family: every formula as it is written, one pass over the row for each step.
//
// The largest logit is subtracted first: softmax(x) = softmax(x - max), and no exponential overflows.
// Why it is slow: three passes over each row and one C library call an element, one row after the other.
//
// All matrices [rows, n], loss and dloss [rows]. About n exponentials a row; 2 to 4 * rows * n elements moved.
#include "common/registry.h"
#include "softmax/softmax.h"
#include <cmath>
#include <limits>

namespace stepgrad {
namespace {

template <class T> T max_of(const T* x, long n) {
  T max = -std::numeric_limits<T>::infinity();
  for (long j = 0; j < n; j++) max = x[j] > max ? x[j] : max;
  return max;
}

// log(sum(exp(x - max)))
template <class T> T log_sum_exp(const T* x, long n, T max) {
  T sum = 0;
  for (long j = 0; j < n; j++) sum += std::exp(x[j] - max);
  return std::log(sum);
}

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "naive", 0, "three passes over each row, one C library call an element",
              softmax_naive)
template <class T> void softmax_naive(const SoftmaxArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    T* y = g.y + i * g.n;
    T max = max_of(x, g.n), sum = 0;
    for (long j = 0; j < g.n; j++) sum += y[j] = std::exp(x[j] - max);
    for (long j = 0; j < g.n; j++) y[j] /= sum;
  }
}

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "naive", 0,
              "three passes over each row, one C library call an element", log_softmax_naive)
template <class T> void log_softmax_naive(const SoftmaxArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    T max = max_of(x, g.n), log_sum = log_sum_exp(x, g.n, max);
    for (long j = 0; j < g.n; j++) g.y[i * g.n + j] = x[j] - max - log_sum;
  }
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "naive", 0,
              "dx = y * (dy - sum(y * dy)), a plain loop", softmax_gradient_naive)
template <class T> void softmax_gradient_naive(const SoftmaxGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *y = g.y + i * g.n, *dy = g.dy + i * g.n;
    T dot = 0;
    for (long j = 0; j < g.n; j++) dot += y[j] * dy[j];
    for (long j = 0; j < g.n; j++) g.dx[i * g.n + j] = y[j] * (dy[j] - dot);
  }
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "naive", 0,
              "dx = dy - exp(y) * sum(dy), a plain loop", log_softmax_gradient_naive)
template <class T> void log_softmax_gradient_naive(const SoftmaxGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *y = g.y + i * g.n, *dy = g.dy + i * g.n;
    T sum = 0;
    for (long j = 0; j < g.n; j++) sum += dy[j];
    for (long j = 0; j < g.n; j++) g.dx[i * g.n + j] = dy[j] - std::exp(y[j]) * sum;
  }
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "naive", 0,
              "-sum(labels * log_softmax), never stored", cross_entropy_naive)
template <class T> void cross_entropy_naive(const CrossEntropyArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *x = g.logits + i * g.n, *label = g.labels + i * g.n;
    T max = max_of(x, g.n), log_sum = log_sum_exp(x, g.n, max), loss = 0;
    for (long j = 0; j < g.n; j++)
      if (label[j] != 0)
        loss -= label[j] * (x[j] - max - log_sum); // an impossible class that never happens costs 0
    g.loss[i] = loss;
  }
}

// p = softmax(x), in three passes.
template <class T> void softmax_row(const T* x, T* p, long n) {
  T max = max_of(x, n), sum = 0;
  for (long j = 0; j < n; j++) p[j] = std::exp(x[j] - max);
  for (long j = 0; j < n; j++) sum += p[j];
  for (long j = 0; j < n; j++) p[j] /= sum;
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "naive", 0,
              "softmax, then dloss * (softmax * sum(labels) - labels): one pass for each step",
              cross_entropy_gradient_naive)
template <class T> void cross_entropy_gradient_naive(const CrossEntropyGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* label = g.labels + i * g.n;
    T *dx = g.dlogits + i * g.n, total = 0;
    softmax_row(g.logits + i * g.n, dx, g.n);
    for (long j = 0; j < g.n; j++) total += label[j];
    for (long j = 0; j < g.n; j++) dx[j] = dx[j] * total - label[j];
    for (long j = 0; j < g.n; j++) dx[j] *= g.dloss[i];
  }
}

bool in_range(int64_t label, long n) { return label >= 0 && label < n; }

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "naive", 0,
              "-log_softmax[label], never stored", sparse_cross_entropy_naive)
template <class T> void sparse_cross_entropy_naive(const SparseCrossEntropyArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.logits + i * g.n;
    T max = max_of(x, g.n), log_sum = log_sum_exp(x, g.n, max);
    bool inside = in_range(g.labels[i], g.n);
    g.loss[i] = inside ? log_sum - (x[g.labels[i]] - max) : std::numeric_limits<T>::quiet_NaN();
  }
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "naive", 0,
              "softmax, then dloss * (softmax - 1 at the label): one pass for each step",
              sparse_cross_entropy_gradient_naive)
template <class T> void sparse_cross_entropy_gradient_naive(const SparseCrossEntropyGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    T* dx = g.dlogits + i * g.n;
    bool inside = in_range(g.labels[i], g.n);
    softmax_row(g.logits + i * g.n, dx, g.n);
    if (inside) dx[g.labels[i]] -= 1;
    for (long j = 0; j < g.n; j++) dx[j] *= inside ? g.dloss[i] : std::numeric_limits<T>::quiet_NaN();
  }
}

} // namespace
} // namespace stepgrad
