// The activations that are fused with what comes before them, and their gradients, a vector at a time.
#pragma once
#include "common/math.h"
#include "elementwise/elementwise.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// Calls run(f): outside the loop, which is compiled once for each activation.
template <class Run> void with_activation(Activation activation, Run run) {
  switch (activation) {
  case Activation::LINEAR:
    return run([](auto z) { return z; });
  case Activation::RELU:
    return run([](auto z) { return z < 0 ? decltype(z){} : z; });
  case Activation::TANH:
    return run([](auto z) { return vtanh(z); });
  case Activation::SIGMOID:
    return run([](auto z) { return vsigmoid(z); });
  }
}

// Calls run(f) with dz = f(y, dy).
template <class Run> void with_gradient(Activation activation, Run run) {
  switch (activation) {
  case Activation::LINEAR:
    return run([](auto, auto dy) { return dy; });
  case Activation::RELU:
    return run([](auto y, auto dy) { return y > 0 ? dy : decltype(dy){}; });
  case Activation::TANH:
    return run([](auto y, auto dy) { return dy * (1 - y * y); });
  case Activation::SIGMOID:
    return run([](auto y, auto dy) { return dy * (y * (1 - y)); });
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
