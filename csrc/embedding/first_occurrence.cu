// Top rung of the embedding's gradient on CUDA: the first occurrence of an index does the work for all of them.
//
// What changes: the table is set to zero, then a warp for each of the n indices asks whether the same index stood earlier.
// If so it is done; if not, it adds up the rows of dy of this and all later occurrences, in their order, lanes along d.
// Each row of dw is written by one warp: no atomics, the same bits on every run. The lanes compare 32 indices at a time.
// What limits it: up to n * n comparisons, read from L1 and L2; for very long batches sorting the indices would be less.
//
// indices: [n], dy: [n, d], dw: [v, d]. n * d additions, n * n comparisons, (v + 2n) * d elements moved.
#include "cuda/collectives.h"
#include "embedding/embedding.h"

namespace stepgrad {
namespace {

template <class T> __global__ void zero_kernel(T* dw, long size) {
  for (long i = global_thread(); i < size; i += grid_threads()) dw[i] = 0;
}

template <class T> __global__ void first_occurrence_kernel(EmbeddingGradientArgs<T> g) {
  const long lane = threadIdx.x % WARP;
  for (long i = global_thread() / WARP; i < g.n; i += grid_threads() / WARP) {
    const int64_t index = g.indices[i];
    bool is_first = index >= 0 && index < g.v; // one outside the table is left out
    for (long k = 0; k < i && is_first; k += WARP)
      is_first = !__any_sync(ALL_LANES, k + lane < i && g.indices[k + lane] == index);
    if (!is_first) continue;
    for (long k = i / WARP * WARP; k < g.n; k += WARP) {
      const bool same = k + lane >= i && k + lane < g.n && g.indices[k + lane] == index;
      for (unsigned found = __ballot_sync(ALL_LANES, same); found; found &= found - 1) {
        const long row = k + __ffs(int(found)) - 1;
        for (long j = lane; j < g.d; j += WARP) g.dw[index * g.d + j] += g.dy[row * g.d + j];
      }
    }
  }
}

STEPGRAD_RUNG(EmbeddingGradientArgs, "embedding_gradient", "first_occurrence", 10,
              "a warp an index; the first of equal ones adds up all their rows",
              embedding_gradient_first_occurrence)
template <class T> void embedding_gradient_first_occurrence(const EmbeddingGradientArgs<T>& g) {
  if (g.v * g.d == 0) return;
  launch(zero_kernel<T>, grid_for(g.v * g.d, THREADS), THREADS, 0, g.dw, g.v * g.d);
  if (g.n) launch(first_occurrence_kernel<T>, grid_for(g.n * WARP, THREADS), THREADS, 0, g);
}

} // namespace
} // namespace stepgrad
