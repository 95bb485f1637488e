// First tensor-core rung of matmul on CUDA: mma.sync on float32 numbers rounded to tf32.
//
// What changes: an instruction of a warp, mma.m16n8k8, does 1024 multiply-adds at once, on factors with 10 bits of fraction (float32
// has 23) and sums in float32. The result is less exact: about 5e-4 of each product, so this rung is never the default.
// Tiles reach shared memory by cp.async, past the registers: the next pair is on its way while this one is multiplied.
// A tile lies in shared memory as it lies in global memory, along k or across it; rows are padded by 4 or 8 numbers, so that the
// 32 lanes, which read 8 rows of 4 neighbours, meet 32 different banks.
//
// A [batch, M, K], B [batch, K, N], C [batch, M, N], any strides (matmul.h). 2*M*N*K FLOPs; a block of 256 threads computes
// 128 x 128 of C, M*N*K*4 * (1/128 + 1/128) bytes from global memory.
// Limit: instructions around the mma: 24 loads from shared memory and 24 roundings (cvt.rna) for 16 of them. On an H100 mma.sync
// itself reaches less than two thirds of the peak; the rest needs wgmma.
#include "matmul/tensor_core.h"

namespace stepgrad {
namespace {

constexpr int BK = 32, SIDE = 128, STAGES = 2;
constexpr int LD_ALONG_K = BK + 4, LD_ACROSS_K = SIDE + 8;
constexpr int TILE = SIDE * LD_ALONG_K; // floats of one operand in one stage, enough for either layout
static_assert(BK * LD_ACROSS_K <= TILE, "one size serves both layouts");

template <bool ALONG_K> __device__ int place(int i, int k) {
  return ALONG_K ? i * LD_ALONG_K + k : k * LD_ACROSS_K + i;
}

// Starts the copies of SIDE vectors of BK elements, VEC at a time; zeros beyond the edges.
template <bool ALONG_K, int VEC>
__device__ void start_tile(float* tile, const Factor<float>& x, long i0, long k0) {
  for (int e = int(threadIdx.x) * VEC; e < SIDE * BK; e += WarpGrid::THREADS * VEC) {
    const int i = ALONG_K ? e / BK : e % SIDE, k = ALONG_K ? e % BK : e / SIDE;
    const bool inside = i0 + i < x.count && k0 + k < x.depth;
    const float* from = inside ? x.data + (i0 + i) * x.i_stride + (k0 + k) * x.k_stride : x.data;
    copy_async<4 * VEC>(tile + place<ALONG_K>(i, k), from, inside ? 4 * VEC : 0);
  }
}

// d += A B for this warp's part of the tiles in shared memory.
template <bool A_ALONG_K, bool B_ALONG_K>
__device__ void multiply_tile(const float* A, const float* B, const WarpGrid& warp,
                              float (&d)[WarpGrid::ROWS][WarpGrid::COLUMNS][4]) {
  const int g = warp.lane / 4, t = warp.lane % 4;
#pragma unroll
  for (int k = 0; k < BK; k += 8) {
    unsigned a[WarpGrid::ROWS][4], b[WarpGrid::COLUMNS][2];
#pragma unroll
    for (int m = 0; m < WarpGrid::ROWS; m++)
#pragma unroll
      for (int r = 0; r < 4; r++)
        a[m][r] = to_tf32(A[place<A_ALONG_K>(warp.row + 16 * m + g + r % 2 * 8, k + t + r / 2 * 4)]);
#pragma unroll
    for (int n = 0; n < WarpGrid::COLUMNS; n++)
#pragma unroll
      for (int r = 0; r < 2; r++) b[n][r] = to_tf32(B[place<B_ALONG_K>(warp.col + 8 * n + g, k + t + r * 4)]);
#pragma unroll
    for (int m = 0; m < WarpGrid::ROWS; m++)
#pragma unroll
      for (int n = 0; n < WarpGrid::COLUMNS; n++) mma_tf32(d[m][n], a[m], b[n]);
  }
}

template <bool A_ALONG_K, bool B_ALONG_K, int VEC>
__global__ void __launch_bounds__(WarpGrid::THREADS) matmul_tf32_mma_kernel(MatmulArgs<float> g) {
  DYNAMIC_SHARED(float, As); // [STAGES][TILE], then the same of B
  float* Bs = As + STAGES * TILE;
  const WarpGrid warp;
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const Factor<float> A = rows_of_a(g, b), B = columns_of_b(g, b);
  const auto start = [&](int stage, long k0) {
    start_tile<A_ALONG_K, VEC>(As + stage * TILE, A, corner.row, k0);
    start_tile<B_ALONG_K, VEC>(Bs + stage * TILE, B, corner.col, k0);
    commit_copies();
  };
  float d[WarpGrid::ROWS][WarpGrid::COLUMNS][4] = {};
  int stage = 0;
  if (g.K > 0) start(0, 0);
  for (long k0 = 0; k0 < g.K; k0 += BK, stage ^= 1) {
    wait_copies<0>();
    __syncthreads(); // everybody's copies have arrived, and nobody reads the other stage any more
    if (k0 + BK < g.K) start(stage ^ 1, k0 + BK);
    multiply_tile<A_ALONG_K, B_ALONG_K>(As + stage * TILE, Bs + stage * TILE, warp, d);
  }
  store_fragments(d, g, b, warp, corner);
}

template <int VEC> auto kernel_for(bool a_along_k, bool b_along_k) {
  if (a_along_k)
    return b_along_k ? matmul_tf32_mma_kernel<true, true, VEC> : matmul_tf32_mma_kernel<true, false, VEC>;
  return b_along_k ? matmul_tf32_mma_kernel<false, true, VEC> : matmul_tf32_mma_kernel<false, false, VEC>;
}

STEPGRAD_RUNG_F32(MatmulArgs, "matmul", "tf32_mma", 100,
                  "tensor cores on numbers with 10 bits of fraction; mma.sync, cp.async, two stages",
                  matmul_tf32_mma)
void matmul_tf32_mma(const MatmulArgs<float>& g) {
  if (g.batch * g.M * g.N == 0) return;
  const bool a_along_k = g.a_col == 1, b_along_k = g.b_row == 1;
  launch(quads_fit(g) ? kernel_for<4>(a_along_k, b_along_k) : kernel_for<1>(a_along_k, b_along_k),
         matmul_grid(g, SIDE, SIDE), dim3(WarpGrid::THREADS), 2 * STAGES * TILE * sizeof(float), g);
}

} // namespace
} // namespace stepgrad
