// The gradients of y = f(x + b) in one pass: what bias_activation's and dense's gradients share.
#pragma once
#include "elementwise/vector_activation.h"
#include "reduce/blocks.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// dx is written strip by strip, and each strip is summed for db while it is in cache: the same bits as the activation's own
// gradient and then a sum.
template <class T> void bias_gradient(const BiasActivationGradientArgs<T>& g) {
  with_gradient(g.activation, [&](auto f) {
    reduce(ReduceArgs<T>{g.dx, g.db, 1, g.rows, g.n}, Sum(),
           [&](long first, long count) { map(g.y + first, g.dy + first, g.dx + first, count, f); });
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
