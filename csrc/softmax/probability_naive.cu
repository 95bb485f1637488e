// The cross-entropy of probabilities on CUDA: a thread a row.
//
// Outputs that a user normalized himself, or not at all: each row is divided by its sum, and the logarithm is kept away from 0.
// What limits it: neighbouring threads read n elements apart. For a network's ten classes it is good enough.
//
// y, dy: [rows, n], labels, loss, dloss: [rows]. rows * n additions; rows * n elements read, for the gradient written, too.
#include "cuda/collectives.h"
#include "softmax/softmax.h"

namespace stepgrad {
namespace {

// What forward and backward know of row i; p is NaN where the label is no class.
template <class T> struct Row {
  T sum = 0, p;
  bool inside;
  template <class Args> __device__ Row(const Args& g, long i) {
    const T* y = g.y + i * g.n;
    for (long j = 0; j < g.n; j++) sum += y[j];
    inside = g.labels[i] >= 0 && g.labels[i] < g.n;
    p = inside ? y[g.labels[i]] / sum : T(NAN);
  }
};

template <class T> __global__ void loss_kernel(SparseProbabilityArgs<T> g) {
  for (long i = global_thread(); i < g.rows; i += grid_threads()) {
    const T p = Row<T>(g, i).p;
    g.loss[i] = -std::log(p < g.low ? g.low : p > g.high ? g.high : p); // NaN stays NaN
  }
}

template <class T> __global__ void gradient_kernel(SparseProbabilityGradientArgs<T> g) {
  for (long i = global_thread(); i < g.rows; i += grid_threads()) {
    const Row<T> row(g, i);
    const bool clipped = row.p < g.low || row.p > g.high; // then there is no gradient, also where p is 0
    T* dy = g.dy + i * g.n;
    for (long j = 0; j < g.n; j++) dy[j] = clipped ? T(0) : row.inside ? g.dloss[i] / row.sum : row.p;
    if (row.inside && !clipped) dy[g.labels[i]] -= g.dloss[i] / g.y[i * g.n + g.labels[i]];
  }
}

STEPGRAD_RUNG(SparseProbabilityArgs, "sparse_probability_cross_entropy", "naive", 0, "a thread a row",
              probability_naive)
template <class T> void probability_naive(const SparseProbabilityArgs<T>& g) {
  if (g.rows > 0) launch(loss_kernel<T>, grid_for(g.rows, THREADS), THREADS, 0, g);
}

STEPGRAD_RUNG(SparseProbabilityGradientArgs, "sparse_probability_cross_entropy_gradient", "naive", 0,
              "a thread a row", probability_gradient_naive)
template <class T> void probability_gradient_naive(const SparseProbabilityGradientArgs<T>& g) {
  if (g.rows > 0) launch(gradient_kernel<T>, grid_for(g.rows, THREADS), THREADS, 0, g);
}

} // namespace
} // namespace stepgrad
