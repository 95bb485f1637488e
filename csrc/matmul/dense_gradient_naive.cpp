// Bottom rung of dense's gradient: the definition.
//
// Shapes and costs: dense.h. Slow because each element of dZ is computed again whenever it is needed, 2 * K times, and because
// the sums of dW walk down the columns of X and dY.
#include "common/registry.h"
#include "elementwise/activation.h"
#include "matmul/bf16.h"
#include "matmul/dense.h"

namespace stepgrad {
namespace {

// Factor: Exact or, for dense_bf16, Rounded (bf16.h).
template <class Factor, class T> void three_sums(const DenseGradientArgs<T>& g) {
  const auto dZ = [&](long i, long j) {
    return gradient_before(g.activation, g.Y[i * g.N + j], g.dY[i * g.N + j]);
  };
  for (long i = 0; g.dX && i < g.M; i++)
    for (long k = 0; k < g.K; k++) {
      T sum = 0;
      for (long j = 0; j < g.N; j++) sum += Factor::of(dZ(i, j)) * Factor::of(g.W[k * g.N + j]);
      g.dX[i * g.K + k] = sum;
    }
  for (long k = 0; k < g.K; k++)
    for (long j = 0; j < g.N; j++) {
      T sum = 0;
      for (long i = 0; i < g.M; i++) sum += Factor::of(g.X[i * g.K + k]) * Factor::of(dZ(i, j));
      g.dW[k * g.N + j] = sum;
    }
  for (long j = 0; j < g.N; j++) {
    T sum = 0;
    for (long i = 0; i < g.M; i++) sum += dZ(i, j);
    g.db[j] = sum;
  }
}

STEPGRAD_RUNG(DenseGradientArgs, "dense_gradient", "naive", 0, "three sums as they are written",
              dense_gradient_naive)
template <class T> void dense_gradient_naive(const DenseGradientArgs<T>& g) {
  three_sums<STEPGRAD_ISA::Exact>(g);
}

STEPGRAD_RUNG(DenseGradientArgs, "dense_bf16_gradient", "naive", 0, "three sums as they are written",
              dense_bf16_gradient_naive)
template <class T> void dense_bf16_gradient_naive(const DenseGradientArgs<T>& g) {
  three_sums<STEPGRAD_ISA::Rounded>(g);
}

} // namespace
} // namespace stepgrad
