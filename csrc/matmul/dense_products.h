// dense and its gradient on any matrix product: what a rung of theirs is made of.
#pragma once
#include "elementwise/bias_gradient.h"
#include "matmul/bias_and_activation.h"
#include "matmul/panels.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// X W, the product that bias and activation follow.
template <class T> Gemm<T> gemm_of(const DenseArgs<T>& g) {
  return {g.M, g.N, g.K, g.X, g.K, 1, g.W, g.N, 1, g.Y, g.N, false};
}

// dZ once, strip by strip, summed for db while the strip is in cache; then the products: multiply(Gemm), twice.
template <class T, class Multiply> void dense_gradient(const DenseGradientArgs<T>& g, Multiply multiply) {
  const T* dZ = g.dY;
  if (g.activation == Activation::LINEAR) {
    reduce(ReduceArgs<T>{dZ, g.db, 1, g.M, g.N}, Sum());
  } else {
    T* before = scratch<T>(Scratch::PATCHES, g.M * g.N); // [M, N]; no convolution is at work here
    bias_gradient(BiasActivationGradientArgs<T>{g.Y, g.dY, before, g.db, g.M, g.N, g.activation});
    dZ = before;
  }
  if (g.dX) multiply(Gemm<T>{g.M, g.K, g.N, dZ, g.N, 1, g.W, 1, g.N, g.dX, g.K, false});
  multiply(Gemm<T>{g.K, g.N, g.M, g.X, 1, g.K, dZ, g.N, 1, g.dW, g.N, false});
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
