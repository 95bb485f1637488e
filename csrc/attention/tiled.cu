// Second rung of attention on CUDA, forward: the scores never leave the SM.
//
// What changes: a block keeps a tile of queries in shared memory and walks over the keys, tile by tile. For each it computes the tile
// of scores in registers, and joins it to what it has by the online softmax: with the largest score so far m and the new one m',
// everything summed up to now is multiplied by exp(m - m'). The tq x tk matrix of the rung below is never written, nor read.
//
// q [batch, tq, heads, d], k, v [batch, tk, kv_heads, d or dv], y [batch, tq, heads, dv], max, sum [batch, heads, tq].
// 2 * tq * tk * (d + dv) FLOPs a head; q and y move once, k and v once for each tile of queries: tq / TILE times.
// Limit: loads from shared memory, 2 R for R * R multiply-adds (R = 4, or 2 for wide heads); fp32 arithmetic, no tensor cores.
// (Milakov and Gimelshein 2018 for the softmax, Dao et al. 2022 for the tiles.)
#include "attention/cuda_tiles.h"

namespace stepgrad {
namespace cuda {
namespace {

template <class T> __device__ T largest_of_row(T x) { // over the 16 threads of one ty, a half warp
  for (int step = SIDE / 2; step; step /= 2)
    x = larger_or_nan(x, __shfl_xor_sync(0xffffffffu, x, step, SIDE));
  return x;
}
template <class T> __device__ T sum_of_row(T x) {
  for (int step = SIDE / 2; step; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step, SIDE);
  return x;
}

template <class T, int C>
__global__ void __launch_bounds__(THREADS) attention_tiled_kernel(AttentionArgs<T> g) {
  using Shape = TileShape<T, C>;
  constexpr int R = Shape::R, TILE = Shape::TILE;
  DYNAMIC_SHARED(T, Q);        // [TILE][LD] queries
  T* KV = Q + Shape::ELEMENTS; // [TILE][LD] keys, then values
  T* P = KV + Shape::ELEMENTS; // [TILE][LDP] weights
  const long tiles = (g.tq + TILE - 1) / TILE;
  const long i0 = blockIdx.x % tiles * TILE, h = blockIdx.x / tiles % g.heads,
             b = blockIdx.x / tiles / g.heads;
  const long kv = h / (g.heads / g.kv_heads);
  const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
  const long last = i0 + TILE < g.tq ? i0 + TILE : g.tq;  // queries of this tile end here
  const long end = g.causal && last < g.tk ? last : g.tk; // and none sees a key from here on

  T y[R][C] = {}, max[R], sum[R] = {};
  for (T& m : max) m = -INF<T>;
  load_rows<Shape>(Q, g.q, b, i0, h, g.tq, g.heads, g.d);
  for (long j0 = 0; j0 < end; j0 += TILE) {
    load_rows<Shape>(KV, g.k, b, j0, kv, g.tk, g.kv_heads, g.d);
    __syncthreads();
    T s[R][R];
    rows_by_rows<Shape>(Q, KV, int(g.d), s);
    __syncthreads();
    load_rows<Shape>(KV, g.v, b, j0, kv, g.tk, g.kv_heads, g.dv);
#pragma unroll
    for (int r = 0; r < R; r++) {
      T top = max[r];
#pragma unroll
      for (int c = 0; c < R; c++) {
        s[r][c] = masked_score(g, s[r][c], b, h, i0 + ty * R + r, j0 + tx + SIDE * c);
        top = larger_or_nan(top, s[r][c]);
      }
      top = largest_of_row(top);
      const T base = top == -INF<T> ? T(0) : top; // nothing seen yet: every weight is 0, not exp(-inf + inf)
      const T shrink = std::exp(max[r] - base);
      T row = 0;
#pragma unroll
      for (int c = 0; c < R; c++) {
        const T p = std::exp(s[r][c] - base);
        P[(ty * R + r) * Shape::LDP + tx + SIDE * c] = p;
        row += p;
      }
      sum[r] = sum[r] * shrink + sum_of_row(row);
      max[r] = top;
#pragma unroll
      for (int c = 0; c < C; c++) y[r][c] *= shrink;
    }
    __syncthreads();
    add_weighted_rows<Shape, C>(P, KV, y);
    __syncthreads();
  }
  T share[R];
#pragma unroll
  for (int r = 0; r < R; r++) {
    const long i = i0 + ty * R + r;
    if (max[r] == -INF<T> && end > 0) sum[r] = NOT_A_NUMBER<T>; // every score is -inf: 0 / 0
    share[r] = 1 / sum[r];
    if (tx == 0 && i < g.tq) {
      g.max[(b * g.heads + h) * g.tq + i] = max[r];
      g.sum[(b * g.heads + h) * g.tq + i] = sum[r];
    }
  }
  store_rows<Shape, C>(y, share, g.y, b, i0, h, g.tq, g.heads, g.dv);
}

} // namespace

STEPGRAD_RUNG(AttentionArgs, "attention", "tiled", 20, "online softmax: tiles of scores stay on the chip",
              attention_tiled)
template <class T> void attention_tiled(const AttentionArgs<T>& g) {
  if (g.batch * g.heads * g.tq == 0) return;
  const bool done = with_width<T>(std::max(g.d, g.dv), [&](auto columns) {
    using Shape = TileShape<T, columns>;
    const long blocks = g.batch * g.heads * ((g.tq + Shape::TILE - 1) / Shape::TILE);
    launch(attention_tiled_kernel<T, columns>, dim3(unsigned(blocks)), dim3(THREADS),
           (2 * Shape::ELEMENTS + Shape::TILE * Shape::LDP) * sizeof(T), g);
  });
  if (!done) attention_naive(g); // heads too wide for shared memory
}

} // namespace cuda
} // namespace stepgrad
