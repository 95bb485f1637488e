// Top rung of bias_activation and its gradient: whole vectors, shared among threads.
//
// What changes: as two ops x + b is written, and read again by the activation; here it stays in registers. Backward, dx is
// summed for db while a strip of it is in cache. Every element sees the same operations in the same order as in add, the
// activation, its gradient and sum: the same bits.
//
// x, y, dy, dx: [rows, n]; b, db: [n]. 2 * rows * n elements moved, backward 3 * rows * n. Limit: memory; for tanh and sigmoid
// the 20 to 30 FLOPs of an exponential.
#include "common/registry.h"
#include "elementwise/bias_gradient.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(BiasActivationArgs, "bias_activation", "simd", 10, "vectors, threaded", bias_activation_simd)
template <class T> void bias_activation_simd(const BiasActivationArgs<T>& g) {
  const bool costly = g.activation == Activation::TANH || g.activation == Activation::SIGMOID;
  const double ns = (costly ? 0.25 : 0.1) * sizeof(T) * double(g.n); // a row, roughly
  with_activation(g.activation, [&](auto f) {
    parallel_for(g.rows, ns, [&](long begin, long end) {
      for (long i = begin; i < end; i++)
        map(g.x + i * g.n, g.b, g.y + i * g.n, g.n, [&](auto x, auto b) { return f(x + b); });
    });
  });
}

STEPGRAD_RUNG(BiasActivationGradientArgs, "bias_activation_gradient", "simd", 10,
              "vectors, threaded; a strip is summed while it is in cache", bias_activation_gradient_simd)
template <class T> void bias_activation_gradient_simd(const BiasActivationGradientArgs<T>& g) {
  bias_gradient(g);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
