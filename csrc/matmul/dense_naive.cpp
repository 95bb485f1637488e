// Bottom rung of dense: the definition.
//
// Shapes and costs: dense.h. Slow for the same reasons as matmul/naive: it walks down the columns of W.
#include "common/registry.h"
#include "elementwise/activation.h"
#include "matmul/bf16.h"
#include "matmul/dense.h"

namespace stepgrad {
namespace {

// Factor: Exact or, for dense_bf16, Rounded (bf16.h).
template <class Factor, class T> void three_loops(const DenseArgs<T>& g) {
  for (long i = 0; i < g.M; i++)
    for (long j = 0; j < g.N; j++) {
      T sum = 0;
      for (long k = 0; k < g.K; k++) sum += Factor::of(g.X[i * g.K + k]) * Factor::of(g.W[k * g.N + j]);
      g.Y[i * g.N + j] = activate(g.activation, sum + g.b[j]);
    }
}

STEPGRAD_RUNG(DenseArgs, "dense", "naive", 0, "three loops, then bias and activation of each element",
              dense_naive)
template <class T> void dense_naive(const DenseArgs<T>& g) { three_loops<STEPGRAD_ISA::Exact>(g); }

STEPGRAD_RUNG(DenseArgs, "dense_bf16", "naive", 0, "three loops, then bias and activation of each element",
              dense_bf16_naive)
template <class T> void dense_bf16_naive(const DenseArgs<T>& g) { three_loops<STEPGRAD_ISA::Rounded>(g); }

} // namespace
} // namespace stepgrad
