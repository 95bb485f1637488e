// Sixth rung of matmul on CUDA: four numbers at a time, from global memory and from shared memory. float32 only.
//
// What changes: a float4 is one load instruction of 16 bytes instead of four of 4. Rows of the shared tiles are therefore multiples
// of 16 bytes long (4 spare elements, not 1), and a thread's 8 rows and 8 columns are two quads each.
// Where a row is not a multiple of 4 long, or a pointer not a multiple of 16, the fetch goes one element at a time.
//
// Shapes: matmul.h. A block of 256 threads computes BM x BN of C. 2*M*N*K FLOPs; bytes as one rung below, in a quarter of the
// instructions.
// Limit: bank conflicts of B's quads (neighbouring threads read 32 bytes apart; the next rung's do not), and waiting: nothing is multiplied while a tile
// is fetched, except by the other blocks of the SM.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int BM = 128, BN = 128, BK = 8, TM = 8, TN = 8, THREADS = BM / TM * (BN / TN);

template <int VEC>
__global__ void __launch_bounds__(THREADS, 2) matmul_vectorised_kernel(MatmulArgs<float> g) {
  SHARED(float, As, [BK][BM + 4]);
  SHARED(float, Bs, [BK][BN + 4]);
  const Corner corner = matmul_corner(g.N, BM, BN);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const int i = threadIdx.x / (BN / TN) * TM, j = threadIdx.x % (BN / TN) * TN;
  TileLoader<float, BM, BK, THREADS, VEC> a(rows_of_a(g, b), corner.row);
  TileLoader<float, BN, BK, THREADS, VEC> c(columns_of_b(g, b), corner.col);
  float sum[TM][TN] = {};
  for (long k0 = 0; k0 < g.K; k0 += BK) {
    a.fetch(k0), c.fetch(k0);
    a.store(As), c.store(Bs);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < BK; k++) {
      float left[TM], right[TN];
#pragma unroll
      for (int m = 0; m < TM; m += 4) read_quad(&As[k][i + m], left + m);
#pragma unroll
      for (int n = 0; n < TN; n += 4) read_quad(&Bs[k][j + n], right + n);
#pragma unroll
      for (int m = 0; m < TM; m++)
#pragma unroll
        for (int n = 0; n < TN; n++) sum[m][n] += left[m] * right[n];
    }
    __syncthreads();
  }
#pragma unroll
  for (int m = 0; m < TM; m++)
#pragma unroll
    for (int n = 0; n < TN; n += 4) write_quad<VEC>(sum[m] + n, g, b, corner.row + i + m, corner.col + j + n);
}

STEPGRAD_RUNG_F32(MatmulArgs, "matmul", "vectorised", 50,
                  "loads and stores of 16 bytes: a quarter of the instructions", matmul_vectorised)
void matmul_vectorised(const MatmulArgs<float>& g) {
  if (g.batch * g.M * g.N == 0) return;
  launch(quads_fit(g) ? matmul_vectorised_kernel<4> : matmul_vectorised_kernel<1>, matmul_grid(g, BM, BN),
         dim3(THREADS), 0, g);
}

} // namespace
} // namespace stepgrad
