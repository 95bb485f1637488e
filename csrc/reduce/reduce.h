// Reductions over the middle axis of [outer, n, inner].
#pragma once
#include <cstdint>

namespace stepgrad {

template <class T> struct ReduceArgs { // sum, mean, max, min, prod
  const T* x;                          // [outer, n, inner]
  T* out;                              // [outer, inner]
  long outer, n, inner;
};

template <class T> struct ArgReduceArgs { // argmax, argmin: the first NaN wins, else the first extreme
  const T* x;                             // [outer, n, inner]
  int64_t* out;                           // [outer, inner]
  long outer, n, inner;
  long items() const { return outer; }
  ArgReduceArgs slice(long begin, long end) const {
    return {x + begin * n * inner, out + begin * inner, end - begin, n, inner};
  }
};

} // namespace stepgrad
