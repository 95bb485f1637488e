// take: y[i] = w[indices[i]], a gather of rows. embedding_gradient: dw[indices[i]] += dy[i], a scatter-add.
// The bindings have checked the indices, except on a GPU, where they cannot be read.
#pragma once
#include <cstdint>

namespace stepgrad {

template <class T> struct EmbeddingArgs {
  const int64_t* indices; // [n], each in [0, v)
  const T* w;             // [v, d]
  T* y;                   // [n, d], written only
  long n, v, d;
};

template <class T> struct EmbeddingGradientArgs {
  const int64_t* indices; // [n], each in [0, v)
  const T* dy;            // [n, d]
  T* dw;                  // [v, d]
  long n, v, d;
};

} // namespace stepgrad
