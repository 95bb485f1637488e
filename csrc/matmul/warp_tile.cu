// Top fp32 rung of matmul on CUDA: each warp computes a tile of its own, and the next tiles are fetched while these are multiplied.
//
// What changes:
// 1. Warp tiles. The lanes of a warp form 8 rows of 4, and a lane's 8 x 8 elements are four quads of 4 x 4, half a warp tile apart.
//    One load of A by a warp then touches 32 neighbouring floats and one load of B 16: no two lanes meet in a bank, and lanes
//    that want the same quad get it in one broadcast.
// 2. Two buffers. Tile t + 1 is on its way to registers while tile t is multiplied, and goes to the other buffer: the wait for
//    global memory is hidden, and one barrier a tile is enough.
// 3. Small problems get small tiles: with 128 x 128 a product of 512 x 512 would occupy 16 of an H100's 132 SMs.
//
// Shapes: matmul.h. A block computes BM x BN of C, a warp WM x WN, a lane 8 x 8. 2*M*N*K FLOPs; M*N*K*4 * (1/BM + 1/BN) bytes
// from global memory, 4 * (1/8 + 1/8) bytes from shared memory a multiply-add.
// Limit: the FMA pipes. What is missing to them: two of a lane's instructions in 18 are loads, and the last wave of blocks does not
// fill all SMs. Long sums over few elements of C (small M and N, large K) want the sum cut too, which no rung here does.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int BK = 8, QUAD = 4;
constexpr long ENOUGH_BLOCKS = 132; // the SMs of an H100: below this, smaller tiles

// As[k][i0 ..] and Bs[k][j0 ..] are this lane's first quads; the second lie HALF_M and HALF_N further on.
template <int HALF_M, int HALF_N, int LDA, int LDB>
__device__ void multiply_tiles(const float (*As)[LDA], const float (*Bs)[LDB], int i0, int j0,
                               float (&sum)[8][8]) {
#pragma unroll
  for (int k = 0; k < BK; k++) {
    float left[8], right[8];
    read_quad(&As[k][i0], left), read_quad(&As[k][i0 + HALF_M], left + QUAD);
    read_quad(&Bs[k][j0], right), read_quad(&Bs[k][j0 + HALF_N], right + QUAD);
#pragma unroll
    for (int m = 0; m < 8; m++)
#pragma unroll
      for (int n = 0; n < 8; n++) sum[m][n] += left[m] * right[n];
  }
}

template <int BM, int BN, int VEC>
__global__ void __launch_bounds__(BM* BN / 64, VEC == 4 ? 2 : 1)
    matmul_warp_tile_kernel(MatmulArgs<float> g) {
  constexpr int WM = 64, WN = 32, THREADS = BM * BN / 64;
  SHARED(float, As, [2][BK][BM + 4]);
  SHARED(float, Bs, [2][BK][BN + 4]);
  const Corner corner = matmul_corner(g.N, BM, BN);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int i = warp / (BN / WN) * WM + lane / 4 * QUAD, j = warp % (BN / WN) * WN + lane % 4 * QUAD;
  for (long b = blockIdx.y; b < g.batch; b += gridDim.y) {
    TileLoader<float, BM, BK, THREADS, VEC> a(rows_of_a(g, b), corner.row);
    TileLoader<float, BN, BK, THREADS, VEC> c(columns_of_b(g, b), corner.col);
    float sum[8][8] = {};
    int buffer = 0;
    a.fetch(0), c.fetch(0);
    for (long k0 = 0; k0 < g.K; k0 += BK, buffer ^= 1) {
      a.store(As[buffer]), c.store(Bs[buffer]);
      // One barrier: whoever writes this buffer again has passed the next one, and so has everybody who reads it now.
      __syncthreads();
      if (k0 + BK < g.K) a.fetch(k0 + BK), c.fetch(k0 + BK);
      multiply_tiles<WM / 2, WN / 2>(As[buffer], Bs[buffer], i, j, sum);
    }
    __syncthreads(); // before the next batch entry writes into a buffer that is still read
#pragma unroll
    for (int m = 0; m < 8; m++)
#pragma unroll
      for (int n = 0; n < 8; n += QUAD)
        write_quad<VEC>(sum[m] + n, g, b, corner.row + i + m % QUAD + m / QUAD * WM / 2,
                        corner.col + j + n / QUAD * WN / 2);
  }
}

template <int BM, int BN> void launch_tiles(const MatmulArgs<float>& g) {
  launch(quads_fit(g) ? matmul_warp_tile_kernel<BM, BN, 4> : matmul_warp_tile_kernel<BM, BN, 1>,
         matmul_grid(g, BM, BN), dim3(BM * BN / 64), 0, g);
}

STEPGRAD_RUNG_F32(MatmulArgs, "matmul", "warp_tile", 60,
                  "tiles for warps without bank conflicts, two buffers: fetches hide behind arithmetic",
                  matmul_warp_tile)
void matmul_warp_tile(const MatmulArgs<float>& g) {
  if (g.batch * g.M * g.N == 0) return;
  if (long(blocks_for(g.M, 128)) * blocks_for(g.N, 128) * g.batch >= ENOUGH_BLOCKS)
    launch_tiles<128, 128>(g);
  else
    launch_tiles<64, 64>(g);
}

} // namespace
} // namespace stepgrad
