// The sums of the columns of a matrix [rows, columns], as the gradient of a bias is one.
//
// A block takes a stretch of rows, and of the columns as many as it has threads, at the most; where there are fewer, its threads
// stand side by side in several rows: a warp reads neighbours in either case. A second launch adds up the stretches. How rows
// are cut depends on sizes alone: the same bits on every run.
#pragma once
#include "cuda/cuda.h"
#include <algorithm>

namespace stepgrad {

constexpr int SUM_THREADS = 256, SUM_ROWS = 16; // of a block at the most; rows of a thread at the least
constexpr long SUM_PIECES = 512;                // stretches at the most

// partial[blockIdx.y] [columns] = the sums over the rows of a stretch. A thread adds up W neighbouring columns, `packs` are as
// wide; at(i, j, v) puts the elements j to j + W of row i into v.
template <int W, class T, class At>
__global__ void column_pieces_kernel(At at, long rows, long packs, long stretch, T* partial) {
  SHARED(T, of_thread, [W][SUM_THREADS]);
  const long j = long(blockIdx.x) * blockDim.x + threadIdx.x, begin = blockIdx.y * stretch;
  const long end = begin + stretch < rows ? begin + stretch : rows;
  const int me = threadIdx.y * blockDim.x + threadIdx.x;
  T sum[W] = {};
  if (j < packs)
    for (long i = begin + threadIdx.y; i < end; i += blockDim.y) {
      T v[W];
      at(i, j * W, v);
#pragma unroll
      for (int k = 0; k < W; k++) sum[k] += v[k];
    }
#pragma unroll
  for (int k = 0; k < W; k++) of_thread[k][me] = sum[k];
  // The upper half of the threads onto the lower one, until there is one row of them.
  for (unsigned left = blockDim.y, half; left > 1; left = half) {
    half = (left + 1) / 2;
    __syncthreads();
    if (threadIdx.y + half >= left) continue;
#pragma unroll
    for (int k = 0; k < W; k++) of_thread[k][me] += of_thread[k][me + half * blockDim.x];
  }
  if (threadIdx.y > 0 || j >= packs) return;
#pragma unroll
  for (int k = 0; k < W; k++) partial[(blockIdx.y * packs + j) * W + k] = of_thread[k][me];
}

template <class T> struct StretchSums {
  const T* partial; // [pieces, columns]
  long columns;
  __device__ void operator()(long i, long j, T* v) const { *v = partial[i * columns + j]; }
};

template <int W, class T, class At>
void sum_stretches(At at, long rows, long columns, long pieces, T* partial) {
  const long packs = columns / W, across = std::min<long>(packs, SUM_THREADS);
  launch(column_pieces_kernel<W, T, At>, dim3(blocks_for(packs, across), unsigned(pieces)),
         dim3(unsigned(across), unsigned(SUM_THREADS / across)), 0, at, rows, packs,
         (rows + pieces - 1) / pieces, partial);
}

// sums [columns], a multiple of W. at is called once for each element, and may write what it computed.
template <int W, class T, class At> void sum_columns(At at, long rows, long columns, T* sums) {
  if (columns == 0) return;
  const long down = SUM_THREADS / std::min<long>(columns / W, SUM_THREADS);
  const long pieces = std::clamp<long>(blocks_for(rows, SUM_ROWS * down), 1, SUM_PIECES);
  if (pieces == 1) return sum_stretches<W>(at, rows, columns, 1, sums);
  const Temporary<T> partial(pieces * columns);
  sum_stretches<W>(at, rows, columns, pieces, partial.data());
  sum_stretches<1>(StretchSums<T>{partial.data(), columns}, pieces, columns, 1, sums);
}

} // namespace stepgrad
