// Bottom rung of bias_activation and its gradient: plain loops; the gradient goes down each column.
//
// x, y, dy, dx: [rows, n]; b, db: [n]. 2 * rows * n elements moved and as many FLOPs, besides the activation; backward 3 * rows * n.
#include "common/registry.h"
#include "elementwise/activation.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(BiasActivationArgs, "bias_activation", "naive", 0, "a plain loop", bias_activation_naive)
template <class T> void bias_activation_naive(const BiasActivationArgs<T>& g) {
  for (long i = 0; i < g.rows; i++)
    for (long j = 0; j < g.n; j++) g.y[i * g.n + j] = activate(g.activation, g.x[i * g.n + j] + g.b[j]);
}

STEPGRAD_RUNG(BiasActivationGradientArgs, "bias_activation_gradient", "naive", 0,
              "a plain loop, column by column", bias_activation_gradient_naive)
template <class T> void bias_activation_gradient_naive(const BiasActivationGradientArgs<T>& g) {
  for (long j = 0; j < g.n; j++) {
    T sum = 0;
    for (long e = j; e < g.rows * g.n; e += g.n)
      sum += g.dx[e] = gradient_before(g.activation, g.y[e], g.dy[e]);
    g.db[j] = sum;
  }
}

} // namespace
} // namespace stepgrad
