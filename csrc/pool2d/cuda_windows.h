// Where windows and pixels meet, for CUDA threads. See pool2d.h.
#pragma once
#include "cuda/collectives.h"
#include "pool2d/pool2d.h"
#include <cmath>

namespace stepgrad {

struct Range { // [begin, end) along one axis of the image, or of the windows
  long begin, end;
  __device__ long size() const { return end > begin ? end - begin : 0; }
};

// What window `o` sees of an image that is `size` long.
__device__ inline Range seen_by(long o, long stride, long pad, long kernel, long size) {
  const long first = o * stride - pad, last = first + kernel;
  return {first < 0 ? 0 : first, last < size ? last : size};
}

// The windows, of `count`, that see pixel `i`.
__device__ inline Range windows_over(long i, long stride, long pad, long kernel, long count) {
  const long before = i + pad - kernel; // the last place where a window begins too early
  const long first = before < 0 ? 0 : before / stride + 1, last = (i + pad) / stride + 1;
  return {first, last < count ? last : count};
}

struct Pixel { // of an array [N, rows, columns, C]
  long n, row, column, c;
  __device__ Pixel(long i, long rows, long columns, long C)
      : n(i / C / columns / rows), row(i / C / columns % rows), column(i / C % columns), c(i % C) {}
};

// The rungs that others fall back on; naive.cu.
template <class T> void max_pool2d_naive(const MaxPool2dArgs<T>& g);
template <class T> void max_pool2d_gradient_naive(const MaxPool2dGradientArgs<T>& g);
template <class T> void average_pool2d_naive(const AveragePool2dArgs<T>& g);
template <class T> void average_pool2d_gradient_naive(const AveragePool2dGradientArgs<T>& g);

} // namespace stepgrad
