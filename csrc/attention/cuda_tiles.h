// What the tiled CUDA rungs of attention share, forward and backward: where a head lies, tiles in shared memory, two products of tiles.
//
// A block of 256 threads forms 16 x 16; thread (ty, tx) owns the rows ty * R .. and the columns tx, tx + 16, ... of every
// product: lanes that read a row of the right factor read neighbouring addresses, those of one ty share a row of the left one.
#pragma once
#include "attention/attention.h"
#include "cuda/cuda.h"
#include <cmath>
#include <limits>
#include <type_traits>

namespace stepgrad {
namespace cuda {

constexpr int SIDE = 16, THREADS = SIDE * SIDE;
// Constants, because device code may not call the functions of numeric_limits.
template <class T> constexpr T INF = std::numeric_limits<T>::infinity();
template <class T> constexpr T NOT_A_NUMBER = std::numeric_limits<T>::quiet_NaN();

// R rows and columns of scores a thread, 16 * C the widest head. Wide heads get small tiles: four of them fit 160 KB.
template <class T, int C> struct TileShape {
  static constexpr int R = sizeof(T) * C <= 16 ? 4 : 2;
  static constexpr int TILE = SIDE * R;      // queries or keys of a tile
  static constexpr int WIDTH = SIDE * C;     // of a head, padded with zeros
  static constexpr int LD = WIDTH + 1;       // odd: a column is spread over the banks
  static constexpr int LDP = TILE + 1;       // of the weights
  static constexpr int ELEMENTS = TILE * LD; // of a tile of queries, keys or values
};

// Calls f with the C (see TileShape) for this width as a constant; false where none is wide enough.
template <class T, class F> bool with_width(long width, F f) {
  if (width <= 64) return f(std::integral_constant<int, 4>()), true;
  if (width <= 128) return f(std::integral_constant<int, 8>()), true;
  if constexpr (sizeof(T) == 4)
    if (width <= 256) return f(std::integral_constant<int, 16>()), true;
  return false;
}

// Row i of head h of batch entry b in an array [batch, t, heads, width].
template <class T> __device__ T* row_of(T* x, long b, long i, long h, long t, long heads, long width) {
  return x + ((b * t + i) * heads + h) * width;
}

// scale * (q . k) + mask, or -inf where query i does not see key j.
template <class T>
__device__ T masked_score(const AttentionSizes<T>& g, T product, long b, long h, long i, long j) {
  if (i >= g.tq || j >= g.tk || (g.causal && j > i)) return -INF<T>;
  const T s = g.scale * product;
  return g.mask ? s + g.mask[b * g.mask_batch + h * g.mask_head + i * g.mask_row + j] : s;
}

template <class T> __device__ T larger_or_nan(T a, T b) { return a > b || a != a ? a : b; }

// Rows i0 .. of a head to shared memory, tile[TILE][LD]; zeros beyond the last row and the width.
template <class Shape, class T>
__device__ void load_rows(T* tile, const T* x, long b, long i0, long h, long t, long heads, long width) {
  for (int e = threadIdx.x; e < Shape::TILE * Shape::WIDTH; e += THREADS) {
    const int i = e / Shape::WIDTH, c = e % Shape::WIDTH;
    tile[i * Shape::LD + c] = i0 + i < t && c < width ? *row_of(x + c, b, i0 + i, h, t, heads, width) : T(0);
  }
}

// out[r][s] = sum over c < width of A[ty R + r][c] B[tx + 16 s][c]: scores, from two tiles of rows.
template <class Shape, class T>
__device__ void rows_by_rows(const T* A, const T* B, int width, T (&out)[Shape::R][Shape::R]) {
  const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
#pragma unroll
  for (int r = 0; r < Shape::R; r++)
#pragma unroll
    for (int s = 0; s < Shape::R; s++) out[r][s] = 0;
#pragma unroll 4
  for (int c = 0; c < width; c++) {
    T a[Shape::R], b[Shape::R];
#pragma unroll
    for (int r = 0; r < Shape::R; r++) {
      a[r] = A[(ty * Shape::R + r) * Shape::LD + c];
      b[r] = B[(tx + SIDE * r) * Shape::LD + c];
    }
#pragma unroll
    for (int r = 0; r < Shape::R; r++)
#pragma unroll
      for (int s = 0; s < Shape::R; s++) out[r][s] += a[r] * b[s];
  }
}

// out[r][s] += sum over j of P[ty R + r][j] V[j][tx + 16 s]: weights [TILE][LDP] times a tile of rows.
template <class Shape, int C, class T>
__device__ void add_weighted_rows(const T* P, const T* V, T (&out)[Shape::R][C]) {
  const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
#pragma unroll 4
  for (int j = 0; j < Shape::TILE; j++) {
    T p[Shape::R];
#pragma unroll
    for (int r = 0; r < Shape::R; r++) p[r] = P[(ty * Shape::R + r) * Shape::LDP + j];
#pragma unroll
    for (int s = 0; s < C; s++) {
      const T v = V[j * Shape::LD + tx + SIDE * s];
#pragma unroll
      for (int r = 0; r < Shape::R; r++) out[r][s] += p[r] * v;
    }
  }
}

// What this thread owns of rows i0 .. of a head, out of its registers; each row is multiplied by factor[r] first.
template <class Shape, int C, class T>
__device__ void store_rows(const T (&own)[Shape::R][C], const T (&factor)[Shape::R], T* x, long b, long i0,
                           long h, long t, long heads, long width) {
  const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
#pragma unroll
  for (int r = 0; r < Shape::R; r++) {
    const long i = i0 + ty * Shape::R + r;
    if (i >= t) continue;
    T* to = row_of(x, b, i, h, t, heads, width);
#pragma unroll
    for (int s = 0; s < C; s++)
      if (tx + SIDE * s < width) to[tx + SIDE * s] = own[r][s] * factor[r];
  }
}

// Working memory for n elements; a launcher may ask for none.
template <class T> Temporary<T> working_memory(long n) { return Temporary<T>(std::max(n, 1L)); }

// The rungs that others fall back on.
template <class T> void attention_naive(const AttentionArgs<T>& g);
template <class T> void attention_tiled(const AttentionArgs<T>& g);
template <class T> void attention_gradient_naive(const AttentionGradientArgs<T>& g);
template <class T> void attention_gradient_tiled(const AttentionGradientArgs<T>& g);

} // namespace cuda
} // namespace stepgrad
