// The activations that are fused with what comes before them, for CUDA threads, and their slopes told from the values.
#pragma once
#include "elementwise/cuda_formulas.h"

namespace stepgrad {

// f is the same for all threads: the branch costs next to nothing.
template <class T> __device__ T activate(Activation f, T z) {
  switch (f) {
  case Activation::RELU:
    return Relu()(z);
  case Activation::TANH:
    return Tanh()(z);
  case Activation::SIGMOID:
    return sigmoid(z);
  default:
    return z;
  }
}

// dZ of (Y, dY). A gradient that meets a closed relu is gone, even if it is infinite.
template <class T> __device__ T gradient_before(Activation f, T y, T dy) {
  switch (f) {
  case Activation::RELU:
    return ReluGradient()(y, dy);
  case Activation::TANH:
    return TanhGradient()(y, dy);
  case Activation::SIGMOID:
    return SigmoidGradient()(y, dy);
  default:
    return dy;
  }
}

} // namespace stepgrad
