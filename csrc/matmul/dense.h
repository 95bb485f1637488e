// dense: Y = f(X W + b), a fully connected layer in one call, and its gradient.
//
// 2*M*N*K FLOPs and M*N evaluations of f; M*K + K*N + N elements read, M*N written.
#pragma once
#include "elementwise/elementwise.h"

namespace stepgrad {

template <class T> struct DenseArgs {
  long M, N, K;
  const T* X; // [M, K]
  const T* W; // [K, N]
  const T* b; // [N]
  T* Y;       // [M, N], written only
  Activation activation;
};

// The gradients of X, W and b, from Y and its gradient:
//
//   dZ = dY * f'(Z), told from Y;   dX = dZ W^T,  dW = X^T dZ,  db = the sum of dZ over the rows
//
// 4*M*N*K FLOPs; M*K + K*N + 2*M*N elements read, M*K + K*N + N written.
template <class T> struct DenseGradientArgs {
  long M, N, K;
  const T* X;  // [M, K]
  const T* W;  // [K, N]
  const T* Y;  // [M, N], what the forward kernel wrote
  const T* dY; // [M, N]
  T* dX;       // [M, K], written only; null where nobody wants it
  T* dW;       // [K, N], written only
  T* db;       // [N], written only
  Activation activation;
};

} // namespace stepgrad
