// Fourth rung of matmul on CUDA: a thread computes TM elements of a column of C, and holds them in registers.
//
// What changes: one element of B, read from shared memory once, meets TM elements of A. For TM multiply-adds a thread reads
// TM + 1 numbers instead of 2 * TM. A lies in shared memory turned around, As[k][i], so that the TM numbers are neighbours.
//
// Shapes: matmul.h. A block of 512 threads computes BM x BN of C. 2*M*N*K FLOPs; M*N*K*4 * (1/BM + 1/BN) bytes from global
// memory, 4 * (1 + 1/TM) bytes from shared memory a multiply-add.
// Limit: shared memory still: a little more than one load for each multiply-add.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int BM = 64, BN = 64, BK = 8, TM = 8, THREADS = BM / TM * BN;

template <class T>
__global__ void __launch_bounds__(THREADS) matmul_register_tile_1d_kernel(MatmulArgs<T> g) {
  SHARED(T, As, [BK][BM + 1]); // the odd row length spreads the turned-around stores over the banks
  SHARED(T, Bs, [BK][BN + 1]);
  const Corner corner = matmul_corner(g.N, BM, BN);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const int i = threadIdx.x / BN * TM, j = threadIdx.x % BN; // a warp shares its rows of A and walks along B
  TileLoader<T, BM, BK, THREADS, 1> a(rows_of_a(g, b), corner.row);
  TileLoader<T, BN, BK, THREADS, 1> c(columns_of_b(g, b), corner.col);
  T sum[TM] = {};
  for (long k0 = 0; k0 < g.K; k0 += BK) {
    a.fetch(k0), c.fetch(k0);
    a.store(As), c.store(Bs);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < BK; k++) {
      const T right = Bs[k][j];
#pragma unroll
      for (int m = 0; m < TM; m++) sum[m] += As[k][i + m] * right;
    }
    __syncthreads();
  }
  const long row = corner.row + i, col = corner.col + j;
#pragma unroll
  for (int m = 0; m < TM; m++)
    if (row + m < g.M && col < g.N) g.C[b * g.c_batch + (row + m) * g.ldc + col] = sum[m];
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "register_tile_1d", 30,
              "8 elements of a column a thread: one load of B serves 8 multiply-adds",
              matmul_register_tile_1d)
template <class T> void matmul_register_tile_1d(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N == 0) return;
  launch(matmul_register_tile_1d_kernel<T>, matmul_grid(g, BM, BN), dim3(THREADS), 0, g);
}

} // namespace
} // namespace stepgrad
