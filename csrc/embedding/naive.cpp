// Bottom rung of the embedding's gradient: zero the table, then add row after row. The order of the additions is the
// order of the indices, so the result never varies.
//
// indices: [n], dy: [n, d], dw: [v, d]. n * d additions; (v + 3n) * d elements moved.
#include "common/registry.h"
#include "embedding/embedding.h"
#include <algorithm>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(EmbeddingGradientArgs, "embedding_gradient", "naive", 0, "adds one row of dy after the other",
              embedding_gradient_naive)
template <class T> void embedding_gradient_naive(const EmbeddingGradientArgs<T>& g) {
  std::fill(g.dw, g.dw + g.v * g.d, T(0));
  for (long i = 0; i < g.n; i++)
    for (long j = 0; j < g.d; j++) g.dw[g.indices[i] * g.d + j] += g.dy[i * g.d + j];
}

} // namespace
} // namespace stepgrad
