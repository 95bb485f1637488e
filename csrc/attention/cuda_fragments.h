// What the tensor-core rungs of attention share, forward and backward: heads as bfloat16, tiles of them in shared memory, and the
// two products of a warp. Both keep their results in fragments (mma's D, cuda/tiles.h), and the weights go from one to the other
// without leaving the registers: two fragments of D beside each other have the layout of one of A.
//
// A block of 4 warps owns OWN rows, a warp 16: queries where it walks over keys, keys where it walks over queries. A lane holds the
// rows lane / 4 and lane / 4 + 8 of its warp's, and the columns 2 * (lane % 4), + 1 of every 8.
#pragma once
#include "attention/cuda_tiles.h"
#include "cuda/bfloat16.h"
#include "cuda/tiles.h"

namespace stepgrad {
namespace cuda {

constexpr int OWN = 64, MMA_THREADS = 128, STAGES = 2;
constexpr float LOG2_E = 1.44269504f; // exp(x) = 2^(x log2 e), and ex2 is one instruction

// A row of a tile in shared memory: 8 rows begin in 8 different groups of four banks, as ldmatrix wants them.
template <int W> constexpr int LD = W + 8;

// Calls f with the width of the tiles for this width of a head; false where none is wide enough.
template <class F> bool with_tile_width(long width, F f) {
  if (width <= 32) return f(std::integral_constant<int, 32>()), true;
  if (width <= 64) return f(std::integral_constant<int, 64>()), true;
  if (width <= 128) return f(std::integral_constant<int, 128>()), true;
  return false;
}

// x [batch, t, heads, width] to [batch, heads, rows, W], a thread for two columns of `pairs` in all.
template <int W>
__global__ void pack_heads_kernel(const float* x, long t, long heads, long width, long rows, long pairs,
                                  unsigned* to) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x;
  if (e >= pairs) return;
  const long c = e % (W / 2) * 2, i = e / (W / 2) % rows, h = e / (W / 2) / rows % heads,
             b = e / (W / 2) / rows / heads;
  const float* row = row_of(x, b, i < t ? i : 0, h, t, heads, width);
  to[e] = pack_bfloat16(i < t && c < width ? row[c] : 0, i < t && c + 1 < width ? row[c + 1] : 0);
}

// Heads as bfloat16, each in rows of W numbers without gaps, with zeros up to a multiple of OWN rows and to W columns: tiles need
// no check of edges, and every copy is of 16 bytes. It costs 4 bytes read and 2 written an element.
template <int W> class PackedHeads {
public:
  PackedHeads(const float* x, long batch, long t, long heads, long width)
      : rows((t + OWN - 1) / OWN * OWN), memory_(std::max(batch * heads * rows * W / 2, 1L)) {
    const long pairs = batch * heads * rows * W / 2;
    if (pairs > 0)
      launch(pack_heads_kernel<W>, dim3(blocks_for(pairs, THREADS)), dim3(THREADS), 0, x, t, heads, width,
             rows, pairs, memory_.data());
  }
  const bfloat16* data() const { return reinterpret_cast<const bfloat16*>(memory_.data()); }
  const long rows; // of a head

private:
  Temporary<unsigned> memory_;
};

// Starts the copies of `ROWS` packed rows to tile[ROWS][LD].
template <int ROWS, int W> __device__ void start_rows(bfloat16* tile, const bfloat16* from) {
#pragma unroll
  for (int e = int(threadIdx.x) * 8; e < ROWS * W; e += MMA_THREADS * 8)
    copy_async<16>(tile + e / W * LD<W> + e % W, from + e);
}

// d0, d1: what two fragments of B beside each other, as one ldmatrix brings them, add to.
__device__ inline void mma_pair(float (&d0)[4], float (&d1)[4], const unsigned (&a)[4],
                                const unsigned (&b)[4]) {
  const unsigned first[] = {b[0], b[1]}, second[] = {b[2], b[3]};
  mma_bf16(d0, a, first), mma_bf16(d1, a, second);
}

// s[16, ROWS] = A[16][LD] times the rows of B[ROWS][LD]: scores, with both factors in shared memory.
template <int W, int ROWS>
__device__ void rows_by_rows(const bfloat16* A, const bfloat16* B, float (&s)[ROWS / 8][4]) {
  const int lane = int(threadIdx.x) % 32;
#pragma unroll
  for (int n = 0; n < ROWS / 8; n++)
#pragma unroll
    for (int i = 0; i < 4; i++) s[n][i] = 0;
#pragma unroll
  for (int k = 0; k < W; k += 16) {
    unsigned a[4], b[4];
    load_matrices(a, A + lane % 16 * LD<W> + k + lane / 16 * 8);
#pragma unroll
    for (int n = 0; n < ROWS; n += 16) { // rows n and n + 8, each at k and k + 8
      load_matrices(b, B + (n + lane % 8 + lane / 16 * 8) * LD<W> + k + lane / 8 % 2 * 8);
      mma_pair(s[n / 8], s[n / 8 + 1], a, b);
    }
  }
}

// out[16, W] += p[16, ROWS] X[ROWS][LD]: weights in registers, rounded here; X is turned around on its way out of shared memory.
template <int W, int ROWS>
__device__ void add_weighted_rows(const float (&p)[ROWS / 8][4], const bfloat16* X, float (&out)[W / 8][4]) {
  const int lane = int(threadIdx.x) % 32;
#pragma unroll
  for (int j = 0; j < ROWS; j += 16) {
    const float (&left)[4] = p[j / 8], (&right)[4] = p[j / 8 + 1];
    const unsigned a[] = {pack_bfloat16(left[0], left[1]), pack_bfloat16(left[2], left[3]),
                          pack_bfloat16(right[0], right[1]), pack_bfloat16(right[2], right[3])};
#pragma unroll
    for (int c = 0; c < W; c += 16) { // rows j and j + 8 of the columns c, then of c + 8
      unsigned b[4];
      load_matrices<true>(b, X + (j + lane % 16) * LD<W> + c + lane / 16 * 8);
      mma_pair(out[c / 8], out[c / 8 + 1], a, b);
    }
  }
}

// Fragments of rows i0 + .. of a head to x [batch, t, heads, width]; this lane's two rows are multiplied by factor[0] and [1].
template <int W>
__device__ void store_fragments(const float (&own)[W / 8][4], const float (&factor)[2], float* x, long b,
                                long i0, long h, long t, long heads, long width) {
  const int lane = int(threadIdx.x) % 32;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const long row = i0 + lane / 4 + i / 2 * 8;
    if (row >= t) continue;
    float* to = row_of(x, b, row, h, t, heads, width);
#pragma unroll
    for (int c = 0; c < W / 8; c++) {
      const int column = 8 * c + lane % 4 * 2 + i % 2;
      if (column < width) to[column] = own[c][i] * factor[i / 2];
    }
  }
}

} // namespace cuda
} // namespace stepgrad
