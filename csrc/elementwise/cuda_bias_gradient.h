// The gradients of y = f(x + b) in one pass: what the top rungs of bias_activation's and dense's gradients share.
#pragma once
#include "cuda/collectives.h"
#include "cuda/column_sums.h"
#include "elementwise/cuda_activation.h"

namespace stepgrad {

// V: a Pack, or a single element.
template <class V, class T> struct BiasGradientAt {
  const T *y, *dy; // [rows, n]
  T* dx;           // [rows, n], written as the sums go; null where nobody wants it
  long n;
  Activation f;
  __device__ void operator()(long i, long j, T* v) const {
    constexpr int W = sizeof(V) / sizeof(T);
    const V of_y = *reinterpret_cast<const V*>(y + i * n + j),
            of_dy = *reinterpret_cast<const V*>(dy + i * n + j);
    V of_dx;
#pragma unroll
    for (int k = 0; k < W; k++)
      reinterpret_cast<T*>(&of_dx)[k] = v[k] =
          gradient_before(f, reinterpret_cast<const T*>(&of_y)[k], reinterpret_cast<const T*>(&of_dy)[k]);
    if (dx) *reinterpret_cast<V*>(dx + i * n + j) = of_dx;
  }
};

template <class T> void bias_gradient(const BiasActivationGradientArgs<T>& g) {
  using P = Pack<T>;
  if (g.n % P::N == 0 && can_pack(g.y) && can_pack(g.dy) && can_pack(g.dx))
    sum_columns<P::N>(BiasGradientAt<P, T>{g.y, g.dy, g.dx, g.n, g.activation}, g.rows, g.n, g.db);
  else
    sum_columns<1>(BiasGradientAt<T, T>{g.y, g.dy, g.dx, g.n, g.activation}, g.rows, g.n, g.db);
}

} // namespace stepgrad
