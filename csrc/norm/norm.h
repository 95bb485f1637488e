// batch_norm_statistics: mean and biased variance of every column of [n, c].
#pragma once

namespace stepgrad {

template <class T> struct BatchNormStatisticsArgs {
  const T* x;  // [n, c]
  T* mean;     // [c]
  T* variance; // [c]
  long n, c;
};

} // namespace stepgrad
