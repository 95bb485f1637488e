// Tensor-core rung of attention on CUDA, forward: FlashAttention-2's division of work, factors in bfloat16, sums in float32.
//
// What changes against `tiled`: a warp owns 16 queries entirely, so that a row of scores is spread over 4 lanes and its largest takes two
// shuffles; both products are mma.sync, and the weights go from the result of the first to the left factor of the second
// without leaving the registers. Keys and values of the next tile are on their way (cp.async, two stages) while this one is
// used: one barrier a tile. The exponential is 2^x, one instruction. Tiles of queries that see the most keys start first.
//
// q [batch, tq, heads, d], k, v [batch, tk, kv_heads, d or dv], y [batch, tq, heads, dv], max, sum [batch, heads, tq], float32; packed
// copies of q, k, v in bfloat16 in scratch memory (cuda_fragments.h). 2 * tq * tk * (d + dv) FLOPs a head, half where causal;
// 10 bytes an element of q, k, v for the packing and its first reading, then k and v again for every 64 queries, from L2.
// Weights and all factors have 8 bits of precision: errors around 0.5 % of the values, so it runs only where it is asked for.
// Limit: beside the products stand the exponentials: an SM of an A100 does 16 a clock, and 2048 FLOPs of mma. For heads of 64 they
// take half as long as the products, and a warp does one after the other. Then ldmatrix: 9 for 32 mma. wgmma, and warps that take
// turns at products and exponentials, go further on Hopper.
// (Dao 2023 for the division; Milakov and Gimelshein 2018 for the softmax.)
#include "attention/cuda_fragments.h"

namespace stepgrad {
namespace cuda {
namespace {

constexpr int KEYS = 64; // of a tile

__device__ float largest_of_quad(float x) { // over the four lanes that share a row
  x = larger_or_nan(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return larger_or_nan(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
__device__ float sum_of_quad(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

// Products to scores. first: the first query of the warp; j0: the first key of the tile.
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

template <int W>
__global__ void __launch_bounds__(MMA_THREADS)
    attention_bf16_mma_kernel(AttentionArgs<float> g, const bfloat16* q, const bfloat16* k, const bfloat16* v,
                              long q_rows, long k_rows) {
  constexpr int TILE = KEYS * LD<W>;
  DYNAMIC_SHARED(bfloat16, Q);          // [OWN][LD]
  bfloat16* const KV = Q + OWN * LD<W>; // [STAGES][keys, values][KEYS][LD]
  const long blocks = q_rows / OWN;
  const long i0 = (blocks - 1 - blockIdx.x % blocks) * OWN, h = blockIdx.x / blocks % g.heads,
             b = blockIdx.x / blocks / g.heads;
  const long kv = (b * g.kv_heads + h / (g.heads / g.kv_heads)) * k_rows;
  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
  const long last = i0 + OWN < g.tq ? i0 + OWN : g.tq;    // queries of this tile end here
  const long end = g.causal && last < g.tk ? last : g.tk; // and none sees a key from here on

  const auto start = [&](long j0) {
    if (j0 < end) {
      bfloat16* to = KV + j0 / KEYS % STAGES * 2 * TILE;
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
    const bfloat16* keys = KV + j0 / KEYS % STAGES * 2 * TILE;
    float s[KEYS / 8][4];
    rows_by_rows<W, KEYS>(Q + warp * 16 * LD<W>, keys, s);
    finish_scores(g, b, h, i0 + warp * 16, j0, s);
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

} // namespace

STEPGRAD_RUNG_F32(AttentionArgs, "attention", "bf16_mma", 110,
                  "tensor cores on numbers with 7 bits of fraction; scores and weights stay in registers",
                  attention_bf16_mma)
void attention_bf16_mma(const AttentionArgs<float>& g) {
  if (g.batch * g.heads * g.tq == 0) return;
  const bool done = with_tile_width(std::max(g.d, g.dv), [&](auto width) {
    constexpr int W = width;
    const PackedHeads<W> q(g.q, g.batch, g.tq, g.heads, g.d), k(g.k, g.batch, g.tk, g.kv_heads, g.d),
        v(g.v, g.batch, g.tk, g.kv_heads, g.dv);
    launch(attention_bf16_mma_kernel<W>, dim3(unsigned(g.batch * g.heads * (q.rows / OWN))),
           dim3(MMA_THREADS), (OWN + STAGES * 2 * KEYS) * LD<W> * sizeof(bfloat16), g, q.data(), k.data(),
           v.data(), q.rows, k.rows);
  });
  if (!done) attention_tiled(g); // heads too wide for the registers
}

} // namespace cuda
} // namespace stepgrad
