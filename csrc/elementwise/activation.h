// The activations that are fused with what comes before them, and their gradients, one number at a time: for the naive rungs.
#pragma once
#include "elementwise/elementwise.h"
#include <cmath>

namespace stepgrad {

template <class T> T activate(Activation f, T z) {
  switch (f) {
  case Activation::RELU:
    return z < 0 ? T(0) : z; // asked this way round, a NaN stays a NaN
  case Activation::TANH:
    return std::tanh(z);
  case Activation::SIGMOID:
    return z < 0 ? std::exp(z) / (1 + std::exp(z)) : 1 / (1 + std::exp(-z));
  default:
    return z;
  }
}

// dz of (y, dy). A gradient that meets a closed relu is gone, even if it is infinite.
template <class T> T gradient_before(Activation f, T y, T dy) {
  switch (f) {
  case Activation::RELU:
    return y > 0 ? dy : T(0);
  case Activation::TANH:
    return dy * (1 - y * y);
  case Activation::SIGMOID:
    return dy * (y * (1 - y));
  default:
    return dy;
  }
}

} // namespace stepgrad
