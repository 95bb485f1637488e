// Top rung of take on CUDA: a thread copies 16 bytes of a row.
//
// What changes: one load and one store for four floats, and the index, the division that finds it and the check are paid once for
// them. The division is of 32 bits. Where rows are no multiple of 16 bytes, or not aligned, the rung below serves.
//
// indices [n], w [v, d], y [n, d] (embedding.h). n * d elements read, n * d written, an index for each four, from L1.
// Limit: memory. Rows lie anywhere in the table: short ones (d < 8) leave part of every 32-byte sector unused.
#include "cuda/collectives.h"
#include "embedding/embedding.h"
#include <limits>

namespace stepgrad {

template <class T> void take_naive(const EmbeddingArgs<T>& g);

namespace {

template <class T> constexpr T NOT_A_NUMBER = std::numeric_limits<T>::quiet_NaN();

// count: packs of y; packs: of a row.
template <class T>
__global__ void take_vectorised_kernel(EmbeddingArgs<T> g, unsigned count, unsigned packs) {
  const auto* w = reinterpret_cast<const Pack<T>*>(g.w);
  for (unsigned e = unsigned(global_thread()); e < count; e += unsigned(grid_threads())) {
    const int64_t row = g.indices[e / packs];
    Pack<T> own;
    if (row >= 0 && row < g.v)
      own = w[row * packs + e % packs];
    else
      for (T& x : own.v) x = NOT_A_NUMBER<T>;
    reinterpret_cast<Pack<T>*>(g.y)[e] = own;
  }
}

STEPGRAD_RUNG(EmbeddingArgs, "take", "vectorised", 10, "16 bytes of a row a thread", take_vectorised)
template <class T> void take_vectorised(const EmbeddingArgs<T>& g) {
  constexpr long N = Pack<T>::N;
  const long count = g.n * g.d / N;
  // twice as many must fit, or the counter of the last turn runs over
  if (g.d % N != 0 || 2 * count > INT32_MAX || !can_pack(g.w) || !can_pack(g.y)) return take_naive(g);
  if (count > 0)
    launch(take_vectorised_kernel<T>, grid_for(count, THREADS), THREADS, 0, g, unsigned(count),
           unsigned(g.d / N));
}

} // namespace
} // namespace stepgrad
