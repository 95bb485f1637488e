// Second rung of the cross-entropies' gradients: the steps of the formula share their passes.
//
// What changes: a row is gone through three times instead of five or six. The sum is taken while the exponentials are
// stored, the division by it becomes one multiplication, and the last pass does everything else at once.
// Why it is still slow: one C library call an element, and each addition waits for the one before.
//
// logits, labels, dlogits [rows, n], dloss and class numbers [rows]. rows * n exponentials; 4 * rows * n elements moved.
#include "common/registry.h"
#include "softmax/softmax.h"
#include <cmath>
#include <limits>

namespace stepgrad {
namespace {

// e[j] = exp(x[j] - max(x)); returns their sum.
template <class T> T exponentials(const T* x, T* e, long n) {
  T max = -std::numeric_limits<T>::infinity(), sum = 0;
  for (long j = 0; j < n; j++) max = x[j] > max ? x[j] : max;
  for (long j = 0; j < n; j++) sum += e[j] = std::exp(x[j] - max);
  return sum;
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "fused", 5,
              "three passes over a row in place of six, no division in the loop",
              cross_entropy_gradient_fused)
template <class T> void cross_entropy_gradient_fused(const CrossEntropyGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* label = g.labels + i * g.n;
    T *dx = g.dlogits + i * g.n, total = 0;
    const T sum = exponentials(g.logits + i * g.n, dx, g.n);
    for (long j = 0; j < g.n; j++) total += label[j];
    const T factor = total / sum;
    for (long j = 0; j < g.n; j++) dx[j] = g.dloss[i] * (dx[j] * factor - label[j]);
  }
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "fused", 5,
              "three passes over a row in place of five, no division in the loop",
              sparse_cross_entropy_gradient_fused)
template <class T> void sparse_cross_entropy_gradient_fused(const SparseCrossEntropyGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    T* dx = g.dlogits + i * g.n;
    const bool inside = g.labels[i] >= 0 && g.labels[i] < g.n;
    const T dloss = inside ? g.dloss[i] : std::numeric_limits<T>::quiet_NaN(),
            factor = 1 / exponentials(g.logits + i * g.n, dx, g.n);
    const T winner =
        inside ? dloss * (dx[g.labels[i]] * factor - 1) : 0; // before dloss rounds it: 1 - p is small
    for (long j = 0; j < g.n; j++) dx[j] *= dloss * factor;
    if (inside) dx[g.labels[i]] = winner;
  }
}

} // namespace
} // namespace stepgrad
