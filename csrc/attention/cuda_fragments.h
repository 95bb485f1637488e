// What the tensor-core rungs of attention share, forward and backward: heads rounded to bfloat16 or tf32, tiles of them in shared
// memory, and the two products of a warp. Both keep their results in fragments (mma's D, cuda/tiles.h), and the weights go from one
// to the other without leaving the registers. With bfloat16 two fragments of D beside each other have the layout of one of A. With
// tf32 a lane's columns 2t and 2t + 1 of D stand where A has t and t + 4: the sum is over all of them, so B's rows are taken in
// that order, too.
//
// Number: bfloat16, or float for tf32: a float whose lower 13 bits are 0.
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

template <class Number> constexpr int PER_COPY = 16 / sizeof(Number); // numbers in 16 bytes

// A row of a tile in shared memory: 8 rows begin in 8 different groups of four banks, as ldmatrix wants them.
template <class Number, int W> constexpr int LD = W + PER_COPY<Number>;

// Calls f with the width of the tiles for this width of a head; false where none is wide enough.
template <class F> bool with_tile_width(long width, F f) {
  if (width <= 32) return f(std::integral_constant<int, 32>()), true;
  if (width <= 64) return f(std::integral_constant<int, 64>()), true;
  if (width <= 128) return f(std::integral_constant<int, 128>()), true;
  return false;
}

__device__ inline void store_rounded(bfloat16* to, float a, float b) {
  *reinterpret_cast<unsigned*>(to) = pack_bfloat16(a, b);
}
__device__ inline void store_rounded(float* to, float a, float b) {
  *reinterpret_cast<uint2*>(to) = {to_tf32(a), to_tf32(b)};
}

// x [batch, t, heads, width] to [batch, heads, rows, W], a thread for two columns of `pairs` in all.
template <int W, class Number>
__global__ void pack_heads_kernel(const float* x, long t, long heads, long width, long rows, long pairs,
                                  Number* to) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x;
  if (e >= pairs) return;
  const long c = e % (W / 2) * 2, i = e / (W / 2) % rows, h = e / (W / 2) / rows % heads,
             b = e / (W / 2) / rows / heads;
  const float* row = row_of(x, b, i < t ? i : 0, h, t, heads, width);
  store_rounded(to + 2 * e, i < t && c < width ? row[c] : 0, i < t && c + 1 < width ? row[c + 1] : 0);
}

// Heads rounded, each in rows of W numbers without gaps, with zeros up to a multiple of OWN rows and to W columns: tiles need
// no check of edges, and every copy is of 16 bytes. It costs 4 bytes read and 2 or 4 written an element.
template <class Number, int W> class PackedHeads {
public:
  PackedHeads(const float* x, long batch, long t, long heads, long width)
      : rows((t + OWN - 1) / OWN * OWN), memory_(std::max(batch * heads * rows * W, 1L)) {
    const long pairs = batch * heads * rows * W / 2;
    if (pairs > 0)
      launch(pack_heads_kernel<W, Number>, dim3(blocks_for(pairs, THREADS)), dim3(THREADS), 0, x, t, heads,
             width, rows, pairs, memory_.data());
  }
  const Number* data() const { return memory_.data(); }
  const long rows; // of a head

private:
  Temporary<Number> memory_;
};

// Starts the copies of `ROWS` packed rows to tile[ROWS][LD].
template <int ROWS, int W, class Number> __device__ void start_rows(Number* tile, const Number* from) {
  constexpr int N = PER_COPY<Number>;
#pragma unroll
  for (int e = int(threadIdx.x) * N; e < ROWS * W; e += MMA_THREADS * N)
    copy_async<16>(tile + e / W * LD<Number, W> + e % W, from + e);
}

// d += the product of a fragment of A and one of B, of 32 bytes of a row each.
template <class Number>
__device__ void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  if constexpr (sizeof(Number) == sizeof(bfloat16))
    mma_bf16(d, a, b);
  else
    mma_tf32(d, a, b);
}

// d0, d1: what two fragments of B beside each other, as one ldmatrix brings them, add to.
template <class Number>
__device__ void mma_pair(float (&d0)[4], float (&d1)[4], const unsigned (&a)[4], const unsigned (&b)[4]) {
  const unsigned first[] = {b[0], b[1]}, second[] = {b[2], b[3]};
  multiply_add<Number>(d0, a, first), multiply_add<Number>(d1, a, second);
}

// s[16, ROWS] = A[16][LD] times the rows of B[ROWS][LD]: scores, with both factors in shared memory.
template <int W, int ROWS, class Number>
__device__ void rows_by_rows(const Number* A, const Number* B, float (&s)[ROWS / 8][4]) {
  constexpr int N = PER_COPY<Number>, L = LD<Number, W>;
  const int lane = int(threadIdx.x) % 32;
#pragma unroll
  for (int n = 0; n < ROWS / 8; n++)
#pragma unroll
    for (int i = 0; i < 4; i++) s[n][i] = 0;
#pragma unroll
  for (int k = 0; k < W; k += 2 * N) {
    unsigned a[4], b[4];
    load_matrices(a, A + lane % 16 * L + k + lane / 16 * N);
#pragma unroll
    for (int n = 0; n < ROWS; n += 16) { // rows n and n + 8, each at k and k + N
      load_matrices(b, B + (n + lane % 8 + lane / 16 * 8) * L + k + lane / 8 % 2 * N);
      mma_pair<Number>(s[n / 8], s[n / 8 + 1], a, b);
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
      load_matrices<true>(b, X + (j + lane % 16) * LD<bfloat16, W> + c + lane / 16 * 8);
      mma_pair<bfloat16>(out[c / 8], out[c / 8 + 1], a, b);
    }
  }
}

// The same with tf32. ldmatrix turns numbers of 16 bits only; a lane loads its two numbers of B one by one, from 32 banks.
template <int W, int ROWS>
__device__ void add_weighted_rows(const float (&p)[ROWS / 8][4], const float* X, float (&out)[W / 8][4]) {
  const int lane = int(threadIdx.x) % 32;
#pragma unroll
  for (int n = 0; n < ROWS / 8; n++) {
    const unsigned a[] = {to_tf32(p[n][0]), to_tf32(p[n][2]), to_tf32(p[n][1]), to_tf32(p[n][3])};
    const float* row = X + (8 * n + lane % 4 * 2) * LD<float, W> + lane / 4;
#pragma unroll
    for (int c = 0; c < W; c += 8) {
      const unsigned b[] = {__float_as_uint(row[c]), __float_as_uint(row[LD<float, W> + c])};
      mma_tf32(out[c / 8], a, b);
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
