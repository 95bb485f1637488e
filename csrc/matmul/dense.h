// dense: Y = f(X W + b), a fully connected layer in one call.
//
// 2*M*N*K FLOPs and M*N evaluations of f; M*K + K*N + N elements read, M*N written.
#pragma once

namespace stepgrad {

enum class Activation { LINEAR, RELU, TANH, SIGMOID }; // those whose slope can be told from Y
constexpr long ACTIVATIONS = 4;

template <class T> struct DenseArgs {
  long M, N, K;
  const T* X; // [M, K]
  const T* W; // [K, N]
  const T* b; // [N]
  T* Y;       // [M, N], written only
  Activation activation;
};

} // namespace stepgrad
