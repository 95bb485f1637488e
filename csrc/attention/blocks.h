// What tiled attention shares, forward and backward: products of blocks on matmul's register tiles.
#pragma once
#include "attention/attention.h"
#include "common/math.h"
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "matmul/bf16.h"
#include "matmul/gemm.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long BK = 128;    // keys of a block, whole panels of the tile for any vector width
constexpr long BQ = 8 * MR; // queries of a block: BQ x BK scores stay in L1

// f(i, mr) for the tiles of at most MR rows that `rows` rows are cut into, evenly.
template <class F> STEPGRAD_INLINE void each_tile(long rows, F f) {
  const long tiles = ceil_div(rows, MR);
  for (long t = 0; t < tiles; t++) {
    const long i = rows * t / tiles;
    f(i, rows * (t + 1) / tiles - i);
  }
}

// All factors of products are Factor::of what came in, Exact or Rounded (bf16.h). A panel is rounded after it was packed.
template <class Factor, class T> STEPGRAD_INLINE void round_panel(T* panel, long n) {
  if (Factor::ROUNDS) map(panel, panel, n, [](auto x) { return Factor::of(x); });
}

// x [t, width] where the tile broadcasts its elements: as it lies, or a rounded copy.
template <class Factor> long copy_size(long t, long width) { return Factor::ROUNDS ? t * width : 0; }
template <class Factor, class T> Rows<const T> rows_of(Rows<const T> x, long t, long width, T* copy) {
  if (!Factor::ROUNDS) return x;
  for (long i = 0; i < t; i++) map(x[i], copy + i * width, width, [](auto x) { return Factor::of(x); });
  return {copy, width};
}

// The columns of a transposed matrix x [t, width] in panels, as the tile reads them: panel p holds rows p * NR .. of x.
template <class T> long panels_size(long t, long width) { return round_up(t, NR<T>) * width; }
template <class Factor, class T> void pack_transposed(Rows<const T> x, long t, long width, T* panels) {
  for (long j = 0; j < t; j += NR<T>) {
    pack_panel(panels + j * width, NR<T>, x[j], 1, x.ld, width, std::min(NR<T>, t - j));
    round_panel<Factor>(panels + j * width, NR<T> * width);
  }
}

// The columns of x [t, width] in panels [t, NR]: its rows lie heads * width apart, where they fall into few cache sets.
template <class T> long columns_size(long t, long width) { return t * round_up(width, NR<T>); }
template <class Factor, class T> void pack_columns(Rows<const T> x, long t, long width, T* panels) {
  for (long j = 0; j < width; j += NR<T>) {
    pack_panel(panels + j * t, NR<T>, x.data + j, x.ld, 1, t, std::min(NR<T>, width - j));
    round_panel<Factor>(panels + j * t, t * NR<T>);
  }
}

// C[M, width] (+)= A[M, K] x[k0 .. k0 + K, width], M <= MR, from what pack_columns wrote; A(i, k) = A[i * rsa + k * csa].
template <class T>
void tile_row(long M, long width, long K, const T* A, long rsa, long csa, const T* panels, long t, long k0,
              Rows<T> C, bool accumulate) {
  for (long j = 0; j < width; j += NR<T>)
    run_tile<T, false>(int(M), std::min(NR<T>, width - j), K, A, rsa, csa, panels + j * t + k0 * NR<T>, NR<T>,
                       C.data + j, C.ld, accumulate);
}

// S[mr, n] = A[mr, width] x^T[width, n] for the keys from k0 on (a multiple of BK), from what pack_transposed wrote.
template <class T>
void scores_tile(long mr, long n, long width, const T* A, long lda, const T* panels, long k0, Rows<T> S) {
  for (long j = 0; j < n; j += NR<T>)
    run_tile<T, false>(int(mr), n - j > VL<T> ? NR<T> : VL<T>, width, A, lda, 1, panels + (k0 + j) * width,
                       NR<T>, S.data + j, S.ld, false);
}

// The scores of a row with scale and mask, -inf beyond the n that are seen.
template <class T> STEPGRAD_INLINE vec<T> masked(const T* s, const T* mask, long j, long n, T scale) {
  constexpr T INF = std::numeric_limits<T>::infinity();
  if (n - j >= VL<T>) return mask ? load(s + j) * scale + load(mask + j) : load(s + j) * scale;
  // Multiplied before the rest is filled in: a scale of 0 times -inf would be NaN.
  vec<T> x = load_part(s + j, n - j, T(0)) * scale;
  if (mask) x += load_part(mask + j, n - j, T(0));
  T lane[VL<T>];
  std::memcpy(lane, &x, sizeof x);
  return load_part(lane, n - j, -INF);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
