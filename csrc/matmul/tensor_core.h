// What the tensor-core rungs of matmul share: how 8 warps cut a tile of 128 x 128, and how their fragments reach C.
#pragma once
#include "cuda/tiles.h"
#include "matmul/cuda_tiles.h"

namespace stepgrad {

// A block: 2 x 4 warps, each with 64 x 32 of C in fragments of 16 x 8 (mma's D, cuda/tiles.h).
struct WarpGrid {
  static constexpr int BM = 128, BN = 128, THREADS = 256, WM = 64, WN = 32, ROWS = WM / 16, COLUMNS = WN / 8;
  int lane, row, col; // this warp's first row and column of the tile
  __device__ WarpGrid()
      : lane(int(threadIdx.x) % 32), row(int(threadIdx.x) / 128 * WM), col(int(threadIdx.x) / 32 % 4 * WN) {}
};

// C(row + .., col + ..) = the fragments of this warp, as far as they lie inside.
__device__ inline void store_fragments(const float (&d)[WarpGrid::ROWS][WarpGrid::COLUMNS][4],
                                       const MatmulArgs<float>& g, long b, const WarpGrid& warp,
                                       Corner corner) {
  const int group = warp.lane / 4, t = warp.lane % 4;
#pragma unroll
  for (int m = 0; m < WarpGrid::ROWS; m++)
#pragma unroll
    for (int n = 0; n < WarpGrid::COLUMNS; n++)
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const long row = corner.row + warp.row + 16 * m + group + i / 2 * 8;
        const long col = corner.col + warp.col + 8 * n + 2 * t + i % 2;
        if (row < g.M && col < g.N) g.C[b * g.c_batch + row * g.ldc + col] = d[m][n][i];
      }
}

} // namespace stepgrad
