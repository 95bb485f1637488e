// Top rung of the embedding's gradient: the columns of the table are shared among threads.
//
// What changes: two equal indices add to the same row, so rows cannot be shared out without locks. Columns can: each
// thread goes through all indices but touches only its own strip of columns. Every element still gets its additions in
// the order of the indices: the same bits for any number of threads.
//
// indices: [n], dy: [n, d], dw: [v, d]. n * d additions; (v + 3n) * d elements moved, the indices d / 16 times.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "embedding/embedding.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long STRIP = 16; // a cache line of floats

STEPGRAD_RUNG(EmbeddingGradientArgs, "embedding_gradient", "threads", 10,
              "strips of columns shared among threads", embedding_gradient_threads)
template <class T> void embedding_gradient_threads(const EmbeddingGradientArgs<T>& g) {
  const long strips = (g.d + STRIP - 1) / STRIP;
  parallel_for(strips, double(STRIP) * (0.5 * double(g.n) + 0.1 * double(g.v)), [&](long begin, long end) {
    const long j0 = begin * STRIP, j1 = std::min(g.d, end * STRIP);
    for (long row = 0; row < g.v; row++) std::fill(g.dw + row * g.d + j0, g.dw + row * g.d + j1, T(0));
    for (long i = 0; i < g.n; i++) {
      T* dw = g.dw + g.indices[i] * g.d;
      const T* dy = g.dy + i * g.d;
      for (long j = j0; j < j1; j++) dw[j] += dy[j];
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
