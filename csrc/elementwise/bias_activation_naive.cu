// Bottom rung of bias_activation and its gradient on CUDA: a thread an element; backward, one more launch with a thread a column.
//
// What limits it: a 64-bit division an element, to find its column. Backward y and dy are read twice, and each thread of the
// second launch walks down all rows: n threads are too few to fill a GPU.
//
// x, y, dy, dx: [rows, n]; b, db: [n]. 2 * rows * n elements moved and as many FLOPs, besides the activation; backward 5 * rows * n.
#include "cuda/collectives.h"
#include "elementwise/cuda_activation.h"

namespace stepgrad {
namespace {

template <class T> __global__ void bias_activation_kernel(BiasActivationArgs<T> g) {
  for (long i = global_thread(); i < g.rows * g.n; i += grid_threads())
    g.y[i] = activate(g.activation, g.x[i] + g.b[i % g.n]);
}

STEPGRAD_RUNG(BiasActivationArgs, "bias_activation", "naive", 0, "a thread an element", bias_activation_naive)
template <class T> void bias_activation_naive(const BiasActivationArgs<T>& g) {
  const long size = g.rows * g.n;
  if (size) launch(bias_activation_kernel<T>, grid_for(size, THREADS), THREADS, 0, g);
}

template <class T> __global__ void input_gradient_kernel(BiasActivationGradientArgs<T> g) {
  for (long i = global_thread(); i < g.rows * g.n; i += grid_threads())
    g.dx[i] = gradient_before(g.activation, g.y[i], g.dy[i]);
}

template <class T> __global__ void bias_sum_kernel(BiasActivationGradientArgs<T> g) {
  const long j = global_thread();
  if (j >= g.n) return;
  T sum = 0;
  for (long e = j; e < g.rows * g.n; e += g.n) sum += gradient_before(g.activation, g.y[e], g.dy[e]);
  g.db[j] = sum;
}

STEPGRAD_RUNG(BiasActivationGradientArgs, "bias_activation_gradient", "naive", 0,
              "a thread an element, then a thread a column", bias_activation_gradient_naive)
template <class T> void bias_activation_gradient_naive(const BiasActivationGradientArgs<T>& g) {
  const long size = g.rows * g.n;
  if (size) launch(input_gradient_kernel<T>, grid_for(size, THREADS), THREADS, 0, g);
  if (g.n) launch(bias_sum_kernel<T>, blocks_for(g.n, THREADS), THREADS, 0, g);
}

} // namespace
} // namespace stepgrad
