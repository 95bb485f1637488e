// Bottom rung of the embedding's gradient on CUDA: a thread an element of the table looks at every index.
//
// It gathers instead of scattering: no atomics, terms added in the order of the indices, the same bits on every run.
// What limits it: v * d * n comparisons, nearly all of them in vain; for a vocabulary of thousands that is hopeless.
//
// indices: [n], dy: [n, d], dw: [v, d]. n * d additions, v * d * n comparisons.
#include "cuda/collectives.h"
#include "embedding/embedding.h"

namespace stepgrad {
namespace {

template <class T> __global__ void every_index_kernel(EmbeddingGradientArgs<T> g) {
  for (long e = global_thread(); e < g.v * g.d; e += grid_threads()) {
    T sum = 0;
    for (long i = 0; i < g.n; i++)
      if (g.indices[i] == e / g.d) sum += g.dy[i * g.d + e % g.d];
    g.dw[e] = sum;
  }
}

STEPGRAD_RUNG(EmbeddingGradientArgs, "embedding_gradient", "naive", 0,
              "a thread an element of the table looks at every index", embedding_gradient_naive)
template <class T> void embedding_gradient_naive(const EmbeddingGradientArgs<T>& g) {
  if (g.v * g.d > 0) launch(every_index_kernel<T>, grid_for(g.v * g.d, THREADS), THREADS, 0, g);
}

} // namespace
} // namespace stepgrad
