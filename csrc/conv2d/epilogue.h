// What may follow a convolution in the same pass over memory: y = relu(y + bias).
#pragma once
#include "conv2d/conv2d.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// As a pass of its own, for the rungs that cannot do it while y is in registers.
template <class T> void add_bias(const Conv2dBiasArgs<T>& s) {
  const long pixels = s.N * s.OH * s.OW;
  for (long p = 0; p < pixels; p++)
    for (long o = 0; o < s.O; o++) {
      const T z = s.y[p * s.O + o] + s.bias[o];
      s.y[p * s.O + o] = s.relu && z < 0 ? T(0) : z;
    }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
