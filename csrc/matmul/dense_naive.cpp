// Bottom rung of dense: the definition.
//
// Shapes and costs: dense.h. Slow for the same reasons as matmul/naive: it walks down the columns of W.
#include "common/registry.h"
#include "matmul/dense.h"
#include <cmath>

namespace stepgrad {
namespace {

template <class T> T activate(Activation f, T z) {
  switch (f) {
  case Activation::RELU:
    return z < 0 ? T(0) : z; // asked this way round, a NaN stays a NaN
  case Activation::TANH:
    return std::tanh(z);
  case Activation::SIGMOID:
    return z < 0 ? std::exp(z) / (1 + std::exp(z)) : 1 / (1 + std::exp(-z));
  default:
    return z;
  }
}

STEPGRAD_RUNG(DenseArgs, "dense", "naive", 0, "three loops, then bias and activation of each element",
              dense_naive)
template <class T> void dense_naive(const DenseArgs<T>& g) {
  for (long i = 0; i < g.M; i++)
    for (long j = 0; j < g.N; j++) {
      T sum = 0;
      for (long k = 0; k < g.K; k++) sum += g.X[i * g.K + k] * g.W[k * g.N + j];
      g.Y[i * g.N + j] = activate(g.activation, sum + g.b[j]);
    }
}

} // namespace
} // namespace stepgrad
