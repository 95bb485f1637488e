// Fifth rung of matmul on CUDA: a thread computes TM x TN elements of C in registers.
//
// What changes: for every k a thread reads TM numbers of A and TN of B and does TM * TN multiply-adds with them: 16 loads for 64,
// where the rung below takes 72. From here on the kernel is limited by arithmetic rather than by loads.
//
// Shapes: matmul.h. A block of 256 threads computes BM x BN of C. 2*M*N*K FLOPs; M*N*K*4 * (1/BM + 1/BN) bytes from global
// memory, 4 * (1/TM + 1/TN) bytes from shared memory a multiply-add.
// Limit: instructions. Every number is fetched by a load of its own, and the 8 rows a thread owns make the threads of a warp
// read B 8 elements apart: 4 of them meet in a bank. No padding helps there, the threads' columns must lie otherwise: `warp_tile`.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int BM = 128, BN = 128, BK = 8, TM = 8, TN = 8, THREADS = BM / TM * (BN / TN);

template <class T>
__global__ void __launch_bounds__(THREADS, sizeof(T) == 4 ? 2 : 1)
    matmul_register_tile_2d_kernel(MatmulArgs<T> g) {
  SHARED(T, As, [BK][BM + 1]);
  SHARED(T, Bs, [BK][BN + 1]);
  const Corner corner = matmul_corner(g.N, BM, BN);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const int i = threadIdx.x / (BN / TN) * TM, j = threadIdx.x % (BN / TN) * TN;
  TileLoader<T, BM, BK, THREADS, 1> a(rows_of_a(g, b), corner.row);
  TileLoader<T, BN, BK, THREADS, 1> c(columns_of_b(g, b), corner.col);
  T sum[TM][TN] = {};
  for (long k0 = 0; k0 < g.K; k0 += BK) {
    a.fetch(k0), c.fetch(k0);
    a.store(As), c.store(Bs);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < BK; k++) {
      T left[TM], right[TN];
#pragma unroll
      for (int m = 0; m < TM; m++) left[m] = As[k][i + m];
#pragma unroll
      for (int n = 0; n < TN; n++) right[n] = Bs[k][j + n];
#pragma unroll
      for (int m = 0; m < TM; m++)
#pragma unroll
        for (int n = 0; n < TN; n++) sum[m][n] += left[m] * right[n];
    }
    __syncthreads();
  }
  const long row = corner.row + i, col = corner.col + j;
#pragma unroll
  for (int m = 0; m < TM; m++)
#pragma unroll
    for (int n = 0; n < TN; n++)
      if (row + m < g.M && col + n < g.N) g.C[b * g.c_batch + (row + m) * g.ldc + col + n] = sum[m][n];
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "register_tile_2d", 40,
              "8 x 8 elements a thread: 16 loads serve 64 multiply-adds", matmul_register_tile_2d)
template <class T> void matmul_register_tile_2d(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N == 0) return;
  launch(matmul_register_tile_2d_kernel<T>, matmul_grid(g, BM, BN), dim3(THREADS), 0, g);
}

} // namespace
} // namespace stepgrad
