// Second rung of attention on CUDA, backward: weights are computed again, tile by tile, from the max and sum that forward kept.
//
// With G = dY V^T and D = rowsum(dY * Y):  dS = P * (G - D),  dQ = scale dS K,  dK = scale dS^T Q,  dV = P^T dY.
// What changes: nothing of size tq x tk is written. Two kernels, so that nobody adds to what another block adds to (the same bits
// in every run): blocks of the first own a tile of queries and walk over the keys, for dQ; blocks of the second own a tile of keys
// and walk over the queries of every head that shares them, for dK and dV. Scores and G are computed in both.
//
// q, y, dy, dq [batch, tq, heads, d or dv], k, v, dk, dv_ [batch, tk, kv_heads, d or dv], max, sum, D [batch, heads, tq].
// 14 * tq * tk * d FLOPs a head for d = dv, where one kernel with atomic additions takes 10. q, y, dy, dq move once, k and v once for
// each tile of queries; then k, v, dk, dv_ once, q and dy once for each tile of keys.
// Limit: as forward, loads from shared memory; four tiles of rows leave room for one or two blocks an SM.
#include "attention/cuda_tiles.h"

namespace stepgrad {
namespace cuda {
namespace {

// D[i] = dy[i] . y[i], a thread for each query and head.
template <class T>
__global__ void row_dots_kernel(AttentionGradientArgs<T> g, T* D /* [batch, heads, tq] */) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x, i = e % g.tq, h = e / g.tq % g.heads,
             b = e / g.tq / g.heads;
  if (b >= g.batch) return;
  const T *dy = row_of(g.dy, b, i, h, g.tq, g.heads, g.dv), *y = row_of(g.y, b, i, h, g.tq, g.heads, g.dv);
  T sum = 0;
  for (long c = 0; c < g.dv; c++) sum += dy[c] * y[c];
  D[e] = sum;
}

// Of one query and key: the weight P and, given G, the gradient dS of the score before it was scaled.
template <class T> struct Weight {
  T p, ds;
};
template <class T>
__device__ Weight<T> weight_of(const AttentionGradientArgs<T>& g, const T* D, T product, T G, long b, long h,
                               long i, long j) {
  if (i >= g.tq || j >= g.tk || (g.causal && j > i)) return {0, 0};
  const long row = (b * g.heads + h) * g.tq + i;
  const T p = std::exp(masked_score(g, product, b, h, i, j) - g.max[row]) / g.sum[row];
  return {p, g.scale * p * (G - D[row])};
}

template <class T, int C>
__global__ void __launch_bounds__(THREADS) query_gradient_kernel(AttentionGradientArgs<T> g, const T* D) {
  using Shape = TileShape<T, C>;
  constexpr int R = Shape::R, TILE = Shape::TILE;
  DYNAMIC_SHARED(T, Q);
  T *DY = Q + Shape::ELEMENTS, *K = DY + Shape::ELEMENTS, *V = K + Shape::ELEMENTS; // [TILE][LD] each
  T* dS = V + Shape::ELEMENTS;                                                      // [TILE][LDP]
  const long tiles = (g.tq + TILE - 1) / TILE;
  const long i0 = blockIdx.x % tiles * TILE, h = blockIdx.x / tiles % g.heads,
             b = blockIdx.x / tiles / g.heads;
  const long kv = h / (g.heads / g.kv_heads);
  const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
  const long last = i0 + TILE < g.tq ? i0 + TILE : g.tq, end = g.causal && last < g.tk ? last : g.tk;

  T dq[R][C] = {}, one[R];
  for (T& x : one) x = 1;
  load_rows<Shape>(Q, g.q, b, i0, h, g.tq, g.heads, g.d);
  load_rows<Shape>(DY, g.dy, b, i0, h, g.tq, g.heads, g.dv);
  for (long j0 = 0; j0 < end; j0 += TILE) {
    load_rows<Shape>(K, g.k, b, j0, kv, g.tk, g.kv_heads, g.d);
    load_rows<Shape>(V, g.v, b, j0, kv, g.tk, g.kv_heads, g.dv);
    __syncthreads();
    T s[R][R], G[R][R];
    rows_by_rows<Shape>(Q, K, int(g.d), s);
    rows_by_rows<Shape>(DY, V, int(g.dv), G);
#pragma unroll
    for (int r = 0; r < R; r++)
#pragma unroll
      for (int c = 0; c < R; c++)
        dS[(ty * R + r) * Shape::LDP + tx + SIDE * c] =
            weight_of(g, D, s[r][c], G[r][c], b, h, i0 + ty * R + r, j0 + tx + SIDE * c).ds;
    __syncthreads();
    add_weighted_rows<Shape, C>(dS, K, dq);
    __syncthreads();
  }
  store_rows<Shape, C>(dq, one, g.dq, b, i0, h, g.tq, g.heads, g.d);
}

template <class T, int C>
__global__ void __launch_bounds__(THREADS) key_value_gradient_kernel(AttentionGradientArgs<T> g, const T* D) {
  using Shape = TileShape<T, C>;
  constexpr int R = Shape::R, TILE = Shape::TILE;
  DYNAMIC_SHARED(T, K);
  T *V = K + Shape::ELEMENTS, *Q = V + Shape::ELEMENTS, *DY = Q + Shape::ELEMENTS; // [TILE][LD] each
  T* W = DY + Shape::ELEMENTS; // [TILE keys][LDP]: the weights P^T, then dS^T
  const long tiles = (g.tk + TILE - 1) / TILE;
  const long j0 = blockIdx.x % tiles * TILE, kv = blockIdx.x / tiles % g.kv_heads,
             b = blockIdx.x / tiles / g.kv_heads;
  const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
  const long group = g.heads / g.kv_heads;
  const long first = g.causal ? j0 / TILE * TILE : 0; // queries before this one see none of these keys

  T dk[R][C] = {}, dv[R][C] = {}, one[R];
  for (T& x : one) x = 1;
  load_rows<Shape>(K, g.k, b, j0, kv, g.tk, g.kv_heads, g.d);
  load_rows<Shape>(V, g.v, b, j0, kv, g.tk, g.kv_heads, g.dv);
  for (long h = kv * group; h < (kv + 1) * group; h++)
    for (long i0 = first; i0 < g.tq; i0 += TILE) {
      load_rows<Shape>(Q, g.q, b, i0, h, g.tq, g.heads, g.d);
      load_rows<Shape>(DY, g.dy, b, i0, h, g.tq, g.heads, g.dv);
      __syncthreads();
      T s[R][R], G[R][R]; // [keys][queries]
      rows_by_rows<Shape>(K, Q, int(g.d), s);
      rows_by_rows<Shape>(V, DY, int(g.dv), G);
      Weight<T> weight[R][R];
#pragma unroll
      for (int r = 0; r < R; r++)
#pragma unroll
        for (int c = 0; c < R; c++) {
          weight[r][c] = weight_of(g, D, s[r][c], G[r][c], b, h, i0 + tx + SIDE * c, j0 + ty * R + r);
          W[(ty * R + r) * Shape::LDP + tx + SIDE * c] = weight[r][c].p;
        }
      __syncthreads();
      add_weighted_rows<Shape, C>(W, DY, dv);
      __syncthreads();
#pragma unroll
      for (int r = 0; r < R; r++)
#pragma unroll
        for (int c = 0; c < R; c++) W[(ty * R + r) * Shape::LDP + tx + SIDE * c] = weight[r][c].ds;
      __syncthreads();
      add_weighted_rows<Shape, C>(W, Q, dk);
      __syncthreads();
    }
  store_rows<Shape, C>(dk, one, g.dk, b, j0, kv, g.tk, g.kv_heads, g.d);
  store_rows<Shape, C>(dv, one, g.dv_, b, j0, kv, g.tk, g.kv_heads, g.dv);
}

} // namespace

STEPGRAD_RUNG(AttentionGradientArgs, "attention_gradient", "tiled", 20,
              "weights computed again tile by tile; one kernel for dQ, one for dK and dV",
              attention_gradient_tiled)
template <class T> void attention_gradient_tiled(const AttentionGradientArgs<T>& g) {
  const long rows = g.batch * g.heads * g.tq;
  const bool done = with_width<T>(std::max(g.d, g.dv), [&](auto columns) {
    using Shape = TileShape<T, columns>;
    const size_t bytes = (4 * Shape::ELEMENTS + Shape::TILE * Shape::LDP) * sizeof(T);
    const auto tiles = [](long t) { return (t + Shape::TILE - 1) / Shape::TILE; };
    auto D = working_memory<T>(rows);
    if (rows > 0) {
      launch(row_dots_kernel<T>, dim3(blocks_for(rows, THREADS)), dim3(THREADS), 0, g, D.data());
      launch(query_gradient_kernel<T, columns>, dim3(unsigned(g.batch * g.heads * tiles(g.tq))),
             dim3(THREADS), bytes, g, D.data());
    }
    if (g.batch * g.kv_heads * g.tk > 0)
      launch(key_value_gradient_kernel<T, columns>, dim3(unsigned(g.batch * g.kv_heads * tiles(g.tk))),
             dim3(THREADS), bytes, g, D.data());
  });
  if (!done) attention_gradient_naive(g);
}

} // namespace cuda
} // namespace stepgrad
