// The sums of the columns of a matrix [rows, columns], as the gradient of a bias is one.
//
// Two kernels. In the first a block takes 32 columns of a stretch of rows, its 8 warps every eighth row: a warp reads 32
// neighbours. The second adds the stretches up. How rows are cut depends on their number alone: the same bits on every run.
#pragma once
#include "cuda/cuda.h"
#include <algorithm>

namespace stepgrad {

constexpr int SUM_COLUMNS = 32, SUM_WARPS = 8;
constexpr long SUM_ROWS = 256, SUM_PIECES = 1024; // rows of a stretch at the least, stretches at the most

// partial[blockIdx.y][j] = the sum of at(i, j) over the rows of a stretch.
template <class T, class At>
__global__ void column_pieces_kernel(At at, long rows, long columns, long stretch, T* partial) {
  SHARED(T, of_warp, [SUM_WARPS][SUM_COLUMNS]);
  const long j = long(blockIdx.x) * SUM_COLUMNS + threadIdx.x, begin = blockIdx.y * stretch;
  const long end = begin + stretch < rows ? begin + stretch : rows;
  T sum = 0;
  if (j < columns)
    for (long i = begin + threadIdx.y; i < end; i += SUM_WARPS) sum += at(i, j);
  of_warp[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || j >= columns) return;
  for (int w = 1; w < SUM_WARPS; w++) sum += of_warp[w][threadIdx.x];
  partial[blockIdx.y * columns + j] = sum;
}

template <class T> __global__ void add_pieces_kernel(const T* partial, long pieces, long columns, T* sums) {
  const long j = long(blockIdx.x) * blockDim.x + threadIdx.x;
  if (j >= columns) return;
  T sum = 0;
  for (long piece = 0; piece < pieces; piece++) sum += partial[piece * columns + j];
  sums[j] = sum;
}

// sums [columns]. at(i, j) is called once for each element, and may write what it computed.
template <class T, class At> void sum_columns(At at, long rows, long columns, T* sums) {
  if (columns == 0) return;
  const long pieces = std::min<long>(blocks_for(rows, SUM_ROWS), SUM_PIECES);
  Temporary<T> partial(std::max(1L, pieces * columns));
  if (pieces > 0)
    launch(column_pieces_kernel<T, At>, dim3(blocks_for(columns, SUM_COLUMNS), unsigned(pieces)),
           dim3(SUM_COLUMNS, SUM_WARPS), 0, at, rows, columns, (rows + pieces - 1) / pieces, partial.data());
  launch(add_pieces_kernel<T>, dim3(blocks_for(columns, 256)), dim3(256), 0, partial.data(), pieces, columns,
         sums);
}

} // namespace stepgrad
