// What the tensor-core rungs of attention do forward, with factors in bfloat16 or tf32: bf16_mma.cu tells how.
#pragma once
#include "attention/cuda_fragments.h"

namespace stepgrad {
namespace cuda {

// Keys of a tile, which has as many bytes with tf32 as with bfloat16: two blocks share an SM of Hopper even for heads of 128.
template <class Number> constexpr int KEYS_OF_TILE = 128 / sizeof(Number);

__device__ inline float largest_of_quad(float x) { // over the four lanes that share a row
  x = larger_or_nan(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return larger_or_nan(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
__device__ inline float sum_of_quad(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

// Products to scores. first: the first query of the warp; j0: the first key of the tile.
template <int KEYS>
__device__ void finish_scores(const AttentionSizes<float>& g, long b, long h, long first, long j0,
                              float (&s)[KEYS / 8][4]) {
  const int lane = int(threadIdx.x) % 32;
  const bool all_seen = !g.mask && j0 + KEYS <= g.tk && (!g.causal || j0 + KEYS <= first + 1);
#pragma unroll
  for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
    for (int i = 0; i < 4; i++)
      s[n][i] = all_seen ? g.scale * s[n][i]
                         : masked_score(g, s[n][i], b, h, first + lane / 4 + i / 2 * 8,
                                        j0 + 8 * n + lane % 4 * 2 + i % 2);
}

template <class Number, int W>
__global__ void __launch_bounds__(MMA_THREADS)
    attention_mma_kernel(AttentionArgs<float> g, const Number* q, const Number* k, const Number* v,
                         long q_rows, long k_rows) {
  constexpr int L = LD<Number, W>, KEYS = KEYS_OF_TILE<Number>, TILE = KEYS * L;
  DYNAMIC_SHARED(Number, Q);      // [OWN][LD]
  Number* const KV = Q + OWN * L; // [STAGES][keys, values][KEYS][LD]
  const long blocks = q_rows / OWN;
  const long i0 = (blocks - 1 - blockIdx.x % blocks) * OWN, h = blockIdx.x / blocks % g.heads,
             b = blockIdx.x / blocks / g.heads;
  const long kv = (b * g.kv_heads + h / (g.heads / g.kv_heads)) * k_rows;
  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
  const long last = i0 + OWN < g.tq ? i0 + OWN : g.tq;    // queries of this tile end here
  const long end = g.causal && last < g.tk ? last : g.tk; // and none sees a key from here on

  const auto start = [&](long j0) {
    if (j0 < end) {
      Number* to = KV + j0 / KEYS % STAGES * 2 * TILE;
      start_rows<KEYS, W>(to, k + (kv + j0) * W);
      start_rows<KEYS, W>(to + TILE, v + (kv + j0) * W);
    }
    commit_copies();
  };
  start_rows<OWN, W>(Q, q + ((b * g.heads + h) * q_rows + i0) * W);
  start(0);
  float y[W / 8][4] = {}, max[2] = {-INF<float>, -INF<float>}, sum[2] = {}; // sum: of this lane's columns
  for (long j0 = 0; j0 < end; j0 += KEYS) {
    wait_copies<0>();
    __syncthreads(); // this tile has arrived for all, and nobody reads the other stage any more
    start(j0 + KEYS);
    const Number* keys = KV + j0 / KEYS % STAGES * 2 * TILE;
    float s[KEYS / 8][4];
    rows_by_rows<W, KEYS>(Q + warp * 16 * L, keys, s);
    finish_scores<KEYS>(g, b, h, i0 + warp * 16, j0, s);
#pragma unroll
    for (int half = 0; half < 2; half++) { // this lane's two rows
      float top = max[half];
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++)
        top = larger_or_nan(larger_or_nan(top, s[n][2 * half]), s[n][2 * half + 1]);
      top = largest_of_quad(top);
      const float base = top == -INF<float> ? 0 : top; // nothing seen yet: every weight is 0
      const float shrink = exp2f((max[half] - base) * LOG2_E);
      max[half] = top, sum[half] *= shrink;
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; i++) sum[half] += s[n][i] = exp2f((s[n][i] - base) * LOG2_E);
#pragma unroll
      for (int c = 0; c < W / 8; c++) y[c][2 * half] *= shrink, y[c][2 * half + 1] *= shrink;
    }
    add_weighted_rows<W, KEYS>(s, keys + TILE, y);
  }
  wait_copies<0>();
  float share[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const long i = i0 + warp * 16 + lane / 4 + half * 8;
    float total = sum_of_quad(sum[half]);
    if (max[half] == -INF<float> && end > 0) total = NOT_A_NUMBER<float>; // every score is -inf: 0 / 0
    share[half] = 1 / total;
    if (lane % 4 == 0 && i < g.tq) {
      g.max[(b * g.heads + h) * g.tq + i] = max[half];
      g.sum[(b * g.heads + h) * g.tq + i] = total;
    }
  }
  store_fragments<W>(y, share, g.y, b, i0 + warp * 16, h, g.tq, g.heads, g.dv);
}

template <class Number> void attention_mma(const AttentionArgs<float>& g) {
  if (g.batch * g.heads * g.tq == 0) return;
  const bool done = with_tile_width(std::max(g.d, g.dv), [&](auto width) {
    constexpr int W = width, ROWS = OWN + STAGES * 2 * KEYS_OF_TILE<Number>;
    const PackedHeads<Number, W> q(g.q, g.batch, g.tq, g.heads, g.d), k(g.k, g.batch, g.tk, g.kv_heads, g.d),
        v(g.v, g.batch, g.tk, g.kv_heads, g.dv);
    launch(attention_mma_kernel<Number, W>, dim3(unsigned(g.batch * g.heads * (q.rows / OWN))),
           dim3(MMA_THREADS), ROWS * LD<Number, W> * sizeof(Number), g, q.data(), k.data(), v.data(), q.rows,
           k.rows);
  });
  if (!done) attention_tiled(g); // heads too wide for the registers
}

} // namespace cuda
} // namespace stepgrad
