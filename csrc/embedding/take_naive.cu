// Bottom rung of take on CUDA, the lookup of an embedding: a thread an element of y.
//
// indices [n], w [v, d], y [n, d] (embedding.h). No arithmetic; n * d elements read, n * d written, and an index for each of them.
// Neighbouring threads copy neighbouring elements of a row. An index outside the table gives NaN: on a GPU nobody has checked it.
// Limit: a division of 64 bits and a load of the index, 8 bytes, for an element of 4; short loads.
#include "cuda/collectives.h"
#include "embedding/embedding.h"
#include <limits>

namespace stepgrad {
namespace {

template <class T> constexpr T NOT_A_NUMBER = std::numeric_limits<T>::quiet_NaN();

template <class T> __global__ void take_naive_kernel(EmbeddingArgs<T> g) {
  for (long e = global_thread(); e < g.n * g.d; e += grid_threads()) {
    const int64_t row = g.indices[e / g.d];
    g.y[e] = row >= 0 && row < g.v ? g.w[row * g.d + e % g.d] : NOT_A_NUMBER<T>;
  }
}

} // namespace

// CUDA alone: on the CPU np.take is a loop of memcpy already.
STEPGRAD_RUNG(EmbeddingArgs, "take", "naive", 0, "a thread an element looks up its row", take_naive)
template <class T> void take_naive(const EmbeddingArgs<T>& g) {
  if (g.n * g.d > 0) launch(take_naive_kernel<T>, grid_for(g.n * g.d, THREADS), THREADS, 0, g);
}

} // namespace stepgrad
