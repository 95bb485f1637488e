// The kernel of the warp-tile rungs: of matmul (warp_tile.cu, which explains it), and of dense, which does something with each
// element of C before it is written.
#pragma once
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

struct AsItIs {
  __device__ void operator()(float*, long) const {}
};

// finish(quad, j): what becomes of the elements (i, j) to (i, j + 3) of C before they are written.
template <int BM, int BN, int VEC, class Finish>
__global__ void __launch_bounds__(BM* BN / 64, VEC == 4 ? 2 : 1)
    matmul_warp_tile_kernel(MatmulArgs<float> g, Finish finish) {
  constexpr int WM = 64, WN = 32, THREADS = BM * BN / 64;
  SHARED(float, As, [2][BK][BM + 4]);
  SHARED(float, Bs, [2][BK][BN + 4]);
  const Corner corner = matmul_corner(g.N, BM, BN);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int i = warp / (BN / WN) * WM + lane / 4 * QUAD, j = warp % (BN / WN) * WN + lane % 4 * QUAD;
  TileLoader<float, BM, BK, THREADS, VEC> a(rows_of_a(g, b), corner.row);
  TileLoader<float, BN, BK, THREADS, VEC> c(columns_of_b(g, b), corner.col);
  float sum[8][8] = {};
  a.fetch(0), c.fetch(0);
  for (long k0 = 0; k0 < g.K; k0 += BK) {
    const int buffer = k0 / BK % 2;
    a.store(As[buffer]), c.store(Bs[buffer]);
    // One barrier: whoever writes this buffer again has passed the next one, and so has everybody who reads it now.
    __syncthreads();
    if (k0 + BK < g.K) a.fetch(k0 + BK), c.fetch(k0 + BK);
    multiply_tiles<WM / 2, WN / 2>(As[buffer], Bs[buffer], i, j, sum);
  }
#pragma unroll
  for (int m = 0; m < 8; m++)
#pragma unroll
    for (int n = 0; n < 8; n += QUAD) {
      const long column = corner.col + j + n / QUAD * WN / 2;
      finish(sum[m] + n, column);
      write_quad<VEC>(sum[m] + n, g, b, corner.row + i + m % QUAD + m / QUAD * WM / 2, column);
    }
}

template <int BM, int BN, class Finish> void launch_tiles(const MatmulArgs<float>& g, const Finish& finish) {
  launch(quads_fit(g) ? matmul_warp_tile_kernel<BM, BN, 4, Finish>
                      : matmul_warp_tile_kernel<BM, BN, 1, Finish>,
         matmul_grid(g, BM, BN), dim3(BM * BN / 64), 0, g, finish);
}

template <class Finish> void multiply_by_warp_tiles(const MatmulArgs<float>& g, const Finish& finish) {
  if (g.batch * g.M * g.N == 0) return;
  if (long(blocks_for(g.M, 128)) * blocks_for(g.N, 128) * g.batch >= ENOUGH_BLOCKS)
    launch_tiles<128, 128>(g, finish);
  else
    launch_tiles<64, 64>(g, finish);
}

} // namespace
} // namespace stepgrad
