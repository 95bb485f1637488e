// embedding_gradient: dw[indices[i]] += dy[i], a scatter-add. The bindings have checked the indices.
#pragma once
#include <cstdint>

namespace stepgrad {

template <class T> struct EmbeddingGradientArgs {
  const int64_t* indices; // [n], each in [0, v)
  const T* dy;            // [n, d]
  T* dw;                  // [v, d]
  long n, v, d;
};

} // namespace stepgrad
