// Packing: copies a strip of a matrix into the order in which the register tile reads it, so that the tile streams
// through contiguous memory instead of jumping from row to row.
#pragma once
#include "matmul/tile.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

// panel[k * width + j] = src(k, j) for k < K, j < n; zeros for n <= j < width. src(k, j) = src[k * k_stride + j * j_stride].
// Used for B (j = column, width = whole vectors) and for A (j = row, width = n = rows of the tile).
template <class T>
void pack_panel(T* __restrict panel, long width, const T* __restrict src, long k_stride, long j_stride,
                long K, long n) {
  if (j_stride == 1) {
    // Whole vectors, even where they hang over the panel's row: the next row overwrites the overhang. Not where the
    // source ends, nor where zeros are due.
    const long vectors = (width + VL<T> - 1) / VL<T>;
    long k = 0;
    if (n == width)
      for (; (K - 1 - k) * k_stride + n >= vectors * VL<T>; k++, panel += width, src += k_stride)
        for (long v = 0; v < vectors; v++) store(panel + v * VL<T>, load(src + v * VL<T>));
    for (; k < K; k++, panel += width, src += k_stride) {
      for (long j = 0; j < n; j++) panel[j] = src[j];
      for (long j = n; j < width; j++) panel[j] = 0;
    }
    return;
  }
  // A transpose. Blocks of one vector's length in k: each fetched cache line is used whole.
  constexpr long BLOCK = VL<T>;
  for (long k0 = 0; k0 < K; k0 += BLOCK) {
    const long kn = std::min(BLOCK, K - k0);
    T* out = panel + k0 * width;
    for (long j = 0; j < n; j++) {
      const T* in = src + k0 * k_stride + j * j_stride;
      if (kn == BLOCK) {
        STEPGRAD_UNROLL for (long k = 0; k < BLOCK; k++) out[k * width + j] = in[k * k_stride];
      } else {
        for (long k = 0; k < kn; k++) out[k * width + j] = in[k * k_stride];
      }
    }
    for (long k = 0; k < kn; k++)
      for (long j = n; j < width; j++) out[k * width + j] = 0;
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
