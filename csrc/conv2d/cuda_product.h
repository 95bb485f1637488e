// The product of two views on CUDA: a block computes a 64 x 64 tile of C, a thread 4 x 4 of it in registers.
//
// 16 columns of A and 16 rows of B are brought into shared memory, used 64 times each, and replaced. In the inner loop a
// thread loads 8 numbers from shared memory for 16 multiply-adds. Its rows and columns lie 16 apart, so that the lanes of a
// warp read different banks, or the same word.
//
// Where C has few tiles and K is long (the weight gradient), K is cut into slices, a block each; their results are added
// up in order by a second launch. How it is cut depends on the sizes alone: same bits on every run.
#pragma once
#include "cuda/collectives.h"

namespace stepgrad {

constexpr int TILE = 64, DEPTH = 16, PER_THREAD = 4, SIDE = TILE / PER_THREAD; // 16 x 16 threads

// Grid: x tiles of M, y tiles of N, z groups * slices. partial: [slices, groups, M, N], unused with one slice.
template <class View, class T = typename View::Element>
__global__ void product_kernel(View v, long M, long N, long groups, long slice, T* partial) {
  SHARED(T,
         A, [DEPTH][TILE + 1]); // + 1: a column of A is written by lanes 65 apart, each to a bank of its own
  SHARED(T, B, [DEPTH][TILE]);
  const long m0 = long(blockIdx.x) * TILE, n0 = long(blockIdx.y) * TILE;
  const long group = blockIdx.z % groups, part = blockIdx.z / groups;
  const long begin = part * slice, end = begin + slice < v.K() ? begin + slice : v.K();
  const int tx = threadIdx.x, ty = threadIdx.y, t = ty * SIDE + tx;
  T sum[PER_THREAD][PER_THREAD] = {};
  for (long k0 = begin; k0 < end; k0 += DEPTH) {
    for (int i = t; i < TILE * DEPTH; i += SIDE * SIDE) {
      const int k = i % DEPTH, m = i / DEPTH; // neighbours along k: the channels of a patch lie side by side
      A[k][m] = k0 + k < end && m0 + m < M ? v.a(m0 + m, k0 + k, group) : T(0);
    }
    for (int i = t; i < TILE * DEPTH; i += SIDE * SIDE) {
      const int n = i % TILE, k = i / TILE;
      B[k][n] = k0 + k < end && n0 + n < N ? v.b(k0 + k, n0 + n, group) : T(0);
    }
    __syncthreads();
    for (int k = 0; k < DEPTH && k0 + k < end; k++) {
      T a[PER_THREAD], b[PER_THREAD];
#pragma unroll
      for (int i = 0; i < PER_THREAD; i++) a[i] = A[k][ty + i * SIDE], b[i] = B[k][tx + i * SIDE];
#pragma unroll
      for (int i = 0; i < PER_THREAD; i++) {
#pragma unroll
        for (int j = 0; j < PER_THREAD; j++) sum[i][j] += a[i] * b[j];
      }
    }
    __syncthreads(); // the tile is used up before the next one overwrites it
  }
#pragma unroll
  for (int i = 0; i < PER_THREAD; i++) {
#pragma unroll
    for (int j = 0; j < PER_THREAD; j++) {
      const long m = m0 + ty + i * SIDE, n = n0 + tx + j * SIDE;
      if (m >= M || n >= N) continue;
      if (partial)
        partial[((part * groups + group) * M + m) * N + n] = sum[i][j];
      else
        v.c(m, n, group) = v.finish(sum[i][j], n, group);
    }
  }
}

template <class View, class T = typename View::Element>
__global__ void add_slices_kernel(View v, long M, long N, long groups, long slices, const T* partial) {
  for (long i = global_thread(); i < groups * M * N; i += grid_threads()) {
    T sum = 0;
    for (long s = 0; s < slices; s++) sum += partial[s * groups * M * N + i];
    const long n = i % N, group = i / N / M;
    v.c(i / N % M, n, group) = v.finish(sum, n, group);
  }
}

template <class View> void run_product(const View& v, long groups) {
  using T = typename View::Element;
  constexpr long ENOUGH = 264,
                 SHORTEST = 256; // blocks: two for each of 132 multiprocessors; the K of a slice
  const long M = v.M(), N = v.N();
  if (M * N * groups == 0) return;
  const long tiles = long(blocks_for(M, TILE)) * blocks_for(N, TILE) * groups;
  const long wanted = (ENOUGH + tiles - 1) / tiles, possible = v.K() / SHORTEST;
  const long slices = wanted < possible ? wanted : possible > 0 ? possible : 1;
  const long slice = (v.K() + slices - 1) / slices;
  Temporary<T> partial(slices > 1 ? slices * groups * M * N : 1);
  const dim3 grid(blocks_for(M, TILE), blocks_for(N, TILE), unsigned(groups * slices));
  launch(product_kernel<View>, grid, dim3(SIDE, SIDE), 0, v, M, N, groups, slice,
         slices > 1 ? partial.data() : nullptr);
  if (slices > 1)
    launch(add_slices_kernel<View>, grid_for(groups * M * N, THREADS), THREADS, 0, v, M, N, groups, slices,
           partial.data());
}

} // namespace stepgrad
