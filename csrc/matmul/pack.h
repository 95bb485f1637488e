// Packing: copies a strip of a matrix into the order in which the register tile reads it, so that the tile streams
// through contiguous memory instead of jumping from row to row.
#pragma once
#include "matmul/transpose.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long K_STEP = 16; // rows that are packed together, while the next ones are on their way

// x in the lanes below n, zero in the others.
template <class T> STEPGRAD_INLINE vec<T> first_lanes(vec<T> x, long n) {
  using Mask = vec_mask<T>;
  Mask lane;
  STEPGRAD_UNROLL for (int i = 0; i < int(VL<T>); i++) lane[i] = i;
  const auto limit = typename VecOf<T>::integer(n);
  return reinterpret_cast<vec<T>>(reinterpret_cast<Mask>(x) & (lane < limit));
}

// panel[k * width + j] = src(k, j) for k < K, j < n; zeros for n <= j < width. src(k, j) = src[k * k_stride + j * j_stride].
// Used for B (j = column, width = whole vectors) and for A (j = row, width = n = rows of the tile). Panels are packed
// in order, into buffers with room for a vector behind the last.
template <class T>
void pack_panel(T* __restrict panel, long width, const T* __restrict src, long k_stride, long j_stride,
                long K, long n) {
  if (j_stride == 1) {
    // Whole vectors wherever the source goes on that far. What hangs over a row of the panel is overwritten by the next.
    const long vectors = (width + VL<T> - 1) / VL<T>;
    long k = 0;
    for (; (K - 1 - k) * k_stride + n >= vectors * VL<T>; k++, panel += width, src += k_stride) {
      // The end of a row to come: where it starts is in cache from the panel before.
      __builtin_prefetch(src + K_STEP * k_stride + width - 1);
      for (long v = 0; v < vectors; v++) {
        const vec<T> x = load(src + v * VL<T>);
        store(panel + v * VL<T>, n == width ? x : first_lanes<T>(x, n - v * VL<T>));
        asm("" : : : "memory"); // otherwise GCC makes this loop of one or two rounds a call of memcpy
      }
    }
    for (; k < K; k++, panel += width, src += k_stride) {
      copy_part(panel, src, n, false);
      std::fill(panel + n, panel + width, T(0));
    }
  } else if (k_stride == 1) {
    // A transpose. Whole vectors again; from the last strip to the first, so that what hangs over is overwritten.
    constexpr long L = VL<T>;
    for (long j = (width - 1) / L * L; j >= 0; j -= L)
      for (long k = 0; k < K; k += L) {
        const long kn = std::min(L, K - k);
        vec<T> block[L];
        load_columns(src + j * j_stride + k, j_stride, std::max(0L, std::min(L, n - j)), kn, block);
        T* out = panel + k * width + j;
        if (kn == L) {
          STEPGRAD_UNROLL for (long i = 0; i < L; i++) store(out + i * width, block[i]);
        } else {
          for (long i = 0; i < kn; i++) store(out + i * width, block[i]);
        }
      }
  } else {
    for (long k = 0; k < K; k++)
      for (long j = 0; j < width; j++) panel[k * width + j] = j < n ? src[k * k_stride + j * j_stride] : T(0);
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
