// What the tensor-core rungs of attention do backward, with factors in bfloat16 or tf32: bf16_mma_gradient.cu tells how.
#pragma once
#include "attention/cuda_fragments.h"

namespace stepgrad {
namespace cuda {

struct alignas(16) RowFacts { // of a query; all 0 beyond the last one: no weight, no gradient
  float max, share, dot;      // share: 1 / sum; dot: D
};

// facts [batch, heads, rows], a thread each.
template <class T> __global__ void row_facts_kernel(AttentionGradientArgs<T> g, long rows, RowFacts* facts) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x, i = e % rows, h = e / rows % g.heads,
             b = e / rows / g.heads;
  if (b >= g.batch) return;
  RowFacts own = {0, 0, 0};
  if (i < g.tq) {
    const float *dy = row_of(g.dy, b, i, h, g.tq, g.heads, g.dv),
                *y = row_of(g.y, b, i, h, g.tq, g.heads, g.dv);
    const long row = (b * g.heads + h) * g.tq + i;
    own.max = g.max[row], own.share = 1 / g.sum[row];
    for (long c = 0; c < g.dv; c++) own.dot += dy[c] * y[c];
  }
  facts[e] = own;
}

// s, the product of query i and key j, becomes the weight P; G becomes dS, times the scale.
__device__ inline void finish_weight(const AttentionSizes<float>& g, const RowFacts& row, long b, long h,
                                     long i, long j, float& s, float& G) {
  const bool seen = i < g.tq && j < g.tk && (!g.causal || j <= i);
  s = seen ? exp2f((masked_score(g, s, b, h, i, j) - row.max) * LOG2_E) * row.share : 0;
  G = seen ? g.scale * s * (G - row.dot) : 0;
}

template <class Number> struct Packs { // q, dy [batch, heads, q_rows, W], k, v [batch, kv_heads, k_rows, W]
  const Number *q, *k, *v, *dy;
  const RowFacts* facts; // [batch, heads, q_rows]
  long q_rows, k_rows;
};

constexpr int OTHER =
    32; // rows of the other side in a tile: few, because the fragments of results fill the registers

template <class Number, int W>
__global__ void __launch_bounds__(MMA_THREADS)
    query_gradient_mma_kernel(AttentionGradientArgs<float> g, Packs<Number> p) {
  constexpr int L = LD<Number, W>, KEYS = OTHER, TILE = KEYS * L;
  DYNAMIC_SHARED(Number, Q);                                // [OWN][LD]
  Number *const DY = Q + OWN * L, *const KV = DY + OWN * L; // [STAGES][keys, values][KEYS][LD]
  const long blocks = p.q_rows / OWN;
  const long i0 = (blocks - 1 - blockIdx.x % blocks) * OWN, h = blockIdx.x / blocks % g.heads,
             b = blockIdx.x / blocks / g.heads;
  const long head = (b * g.heads + h) * p.q_rows + i0;
  const long kv = (b * g.kv_heads + h / (g.heads / g.kv_heads)) * p.k_rows;
  const int warp = int(threadIdx.x) / 32 * 16, lane = int(threadIdx.x) % 32;
  const long last = i0 + OWN < g.tq ? i0 + OWN : g.tq, end = g.causal && last < g.tk ? last : g.tk;

  const auto start = [&](long j0) {
    if (j0 < end) {
      Number* to = KV + j0 / KEYS % STAGES * 2 * TILE;
      start_rows<KEYS, W>(to, p.k + (kv + j0) * W);
      start_rows<KEYS, W>(to + TILE, p.v + (kv + j0) * W);
    }
    commit_copies();
  };
  start_rows<OWN, W>(Q, p.q + head * W);
  start_rows<OWN, W>(DY, p.dy + head * W);
  start(0);
  const RowFacts facts[] = {p.facts[head + warp + lane / 4], p.facts[head + warp + lane / 4 + 8]};
  float dq[W / 8][4] = {};
  const float one[] = {1, 1};
  for (long j0 = 0; j0 < end; j0 += KEYS) {
    wait_copies<0>();
    __syncthreads(); // this tile has arrived for all, and nobody reads the other stage any more
    start(j0 + KEYS);
    const Number* keys = KV + j0 / KEYS % STAGES * 2 * TILE;
    float s[KEYS / 8][4], G[KEYS / 8][4];
    rows_by_rows<W, KEYS>(Q + warp * L, keys, s);
    rows_by_rows<W, KEYS>(DY + warp * L, keys + TILE, G);
#pragma unroll
    for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
      for (int i = 0; i < 4; i++)
        finish_weight(g, facts[i / 2], b, h, i0 + warp + lane / 4 + i / 2 * 8,
                      j0 + 8 * n + lane % 4 * 2 + i % 2, s[n][i], G[n][i]);
    add_weighted_rows<W, KEYS>(G, keys, dq);
  }
  wait_copies<0>();
  store_fragments<W>(dq, one, g.dq, b, i0 + warp, h, g.tq, g.heads, g.d);
}

template <class Number, int W>
__global__ void __launch_bounds__(MMA_THREADS)
    key_value_gradient_mma_kernel(AttentionGradientArgs<float> g, Packs<Number> p) {
  constexpr int L = LD<Number, W>, QUERIES = OTHER, TILE = QUERIES * L;
  DYNAMIC_SHARED(Number, K);                               // [OWN][LD]
  Number *const V = K + OWN * L, *const QDY = V + OWN * L; // [STAGES][q, dy][QUERIES][LD]
  const long blocks = p.k_rows / OWN;
  const long j0 = blockIdx.x % blocks * OWN, kv = blockIdx.x / blocks % g.kv_heads,
             b = blockIdx.x / blocks / g.kv_heads;
  const long group = g.heads / g.kv_heads;
  const int warp = int(threadIdx.x) / 32 * 16, lane = int(threadIdx.x) % 32;
  // Queries before the first see none of these keys. A turn is a tile of queries of one of the heads that share them.
  const long first = g.causal ? j0 : 0;
  const long tiles = first < g.tq ? (g.tq - first + QUERIES - 1) / QUERIES : 0, turns = group * tiles;

  const auto head_of_turn = [&](long turn) { return kv * group + turn / tiles; };
  const auto row_of_turn = [&](long turn) { return first + turn % tiles * QUERIES; };
  const auto start = [&](long turn) {
    if (turn < turns) {
      const long from = (b * g.heads + head_of_turn(turn)) * p.q_rows + row_of_turn(turn);
      Number* to = QDY + turn % STAGES * 2 * TILE;
      start_rows<QUERIES, W>(to, p.q + from * W);
      start_rows<QUERIES, W>(to + TILE, p.dy + from * W);
    }
    commit_copies();
  };
  start_rows<OWN, W>(K, p.k + ((b * g.kv_heads + kv) * p.k_rows + j0) * W);
  start_rows<OWN, W>(V, p.v + ((b * g.kv_heads + kv) * p.k_rows + j0) * W);
  start(0);
  float dk[W / 8][4] = {}, dv[W / 8][4] = {};
  const float one[] = {1, 1};
  for (long turn = 0; turn < turns; turn++) {
    wait_copies<0>();
    __syncthreads();
    start(turn + 1);
    const Number* queries = QDY + turn % STAGES * 2 * TILE;
    const long h = head_of_turn(turn), i0 = row_of_turn(turn);
    const RowFacts* facts = p.facts + (b * g.heads + h) * p.q_rows + i0;
    float s[QUERIES / 8][4], G[QUERIES / 8][4]; // [keys][queries]
    rows_by_rows<W, QUERIES>(K + warp * L, queries, s);
    rows_by_rows<W, QUERIES>(V + warp * L, queries + TILE, G);
#pragma unroll
    for (int n = 0; n < QUERIES / 8; n++)
#pragma unroll
      for (int column = 0; column < 2; column++) {
        const int i = 8 * n + lane % 4 * 2 + column;
        const RowFacts row = facts[i];
#pragma unroll
        for (int half = 0; half < 2; half++)
          finish_weight(g, row, b, h, i0 + i, j0 + warp + lane / 4 + half * 8, s[n][2 * half + column],
                        G[n][2 * half + column]);
      }
    add_weighted_rows<W, QUERIES>(s, queries + TILE, dv);
    add_weighted_rows<W, QUERIES>(G, queries, dk);
  }
  wait_copies<0>();
  store_fragments<W>(dk, one, g.dk, b, j0 + warp, kv, g.tk, g.kv_heads, g.d);
  store_fragments<W>(dv, one, g.dv_, b, j0 + warp, kv, g.tk, g.kv_heads, g.dv);
}

template <class Number> void attention_gradient_mma(const AttentionGradientArgs<float>& g) {
  const bool done = with_tile_width(std::max(g.d, g.dv), [&](auto width) {
    constexpr int W = width;
    const PackedHeads<Number, W> q(g.q, g.batch, g.tq, g.heads, g.d), k(g.k, g.batch, g.tk, g.kv_heads, g.d),
        v(g.v, g.batch, g.tk, g.kv_heads, g.dv), dy(g.dy, g.batch, g.tq, g.heads, g.dv);
    const long facts = g.batch * g.heads * q.rows;
    const auto memory = working_memory<RowFacts>(facts);
    const Packs<Number> packs = {q.data(), k.data(), v.data(), dy.data(), memory.data(), q.rows, k.rows};
    const size_t bytes = (2 * OWN + STAGES * 2 * OTHER) * LD<Number, W> * sizeof(Number);
    if (facts > 0) {
      launch(row_facts_kernel<float>, dim3(blocks_for(facts, THREADS)), dim3(THREADS), 0, g, q.rows,
             memory.data());
      launch(query_gradient_mma_kernel<Number, W>, dim3(unsigned(facts / OWN)), dim3(MMA_THREADS), bytes, g,
             packs);
    }
    if (const long keys = g.batch * g.kv_heads * k.rows)
      launch(key_value_gradient_mma_kernel<Number, W>, dim3(unsigned(keys / OWN)), dim3(MMA_THREADS), bytes,
             g, packs);
  });
  if (!done) attention_gradient_tiled(g); // heads too wide for the registers
}

} // namespace cuda
} // namespace stepgrad
