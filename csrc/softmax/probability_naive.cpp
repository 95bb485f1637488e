// Bottom rung of the cross-entropy of probabilities: the formula, row after row.
//
// Outputs that a user normalized himself, or not at all: each row is divided by its sum, and the logarithm is kept away from 0.
// Why it is slow: each addition of a sum waits for the one before.
//
// y, dy: [rows, n], labels, loss, dloss: [rows]. rows * n additions; rows * n elements read, for the gradient written, too.
#include "common/registry.h"
#include "softmax/softmax.h"
#include <cmath>
#include <limits>

namespace stepgrad {
namespace {

template <class T> T sum_of(const T* x, long n) {
  T sum = 0;
  for (long j = 0; j < n; j++) sum += x[j];
  return sum;
}

STEPGRAD_RUNG(SparseProbabilityArgs, "sparse_probability_cross_entropy", "naive", 0,
              "a sum and a logarithm for each row", probability_naive)
template <class T> void probability_naive(const SparseProbabilityArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* y = g.y + i * g.n;
    const int64_t label = g.labels[i];
    T p = std::numeric_limits<T>::quiet_NaN();
    if (label >= 0 && label < g.n) p = y[label] / sum_of(y, g.n);
    p = p < g.low ? g.low : p > g.high ? g.high : p; // NaN stays NaN
    g.loss[i] = -std::log(p);
  }
}

STEPGRAD_RUNG(SparseProbabilityGradientArgs, "sparse_probability_cross_entropy_gradient", "naive", 0,
              "a sum for each row, then the same number for each class but one", probability_gradient_naive)
template <class T> void probability_gradient_naive(const SparseProbabilityGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *y = g.y + i * g.n, sum = sum_of(y, g.n);
    T* dy = g.dy + i * g.n;
    const int64_t label = g.labels[i];
    const bool inside = label >= 0 && label < g.n;
    const T p = inside ? y[label] / sum : std::numeric_limits<T>::quiet_NaN();
    const bool clipped = p < g.low || p > g.high;
    for (long j = 0; j < g.n; j++) dy[j] = clipped ? 0 : inside ? g.dloss[i] / sum : p;
    if (inside && !clipped) dy[label] -= g.dloss[i] / y[label];
  }
}

} // namespace
} // namespace stepgrad
