// The dot product of two contiguous vectors, whole vectors at a time.
#pragma once
#include "common/vec.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> T dot(const T* x, const T* y, long n) {
  constexpr int LANES = 4; // accumulators, so that the additions do not wait for each other
  vec<T> acc[LANES] = {};
  long i = 0;
  for (; i + LANES * VL<T> <= n; i += LANES * VL<T>) {
    STEPGRAD_UNROLL for (int v = 0; v < LANES; v++) acc[v] +=
        load(x + i + v * VL<T>) * load(y + i + v * VL<T>);
  }
  for (; i < n; i += VL<T>) {
    const long part = std::min(VL<T>, n - i);
    acc[0] += load_n(x + i, part) * load_n(y + i, part);
  }
  return fold_lanes<T>((acc[0] + acc[1]) + (acc[2] + acc[3]), [](auto a, auto b) { return a + b; });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
