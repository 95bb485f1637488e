// Second tensor-core rung of matmul on CUDA: bfloat16 factors, sums in float32.
//
// What changes: numbers of 16 bits. mma.m16n8k16 does 2048 multiply-adds, twice tf32's, and ldmatrix brings a fragment of four
// registers in one instruction, where tf32 took four loads and four roundings. The factors are rounded beforehand
// (cuda_pack.h), k contiguous for both, so B's fragments are rows too and no ldmatrix needs to turn anything around.
// Four stages of tiles instead of two: three pairs are on their way while one is multiplied.
//
// A16 [batch or 1, M', K'], B16 [batch or 1, N', K'] bf16, padded to multiples of 128 and 32; C [batch, M, N] float32.
// 2*M*N*K FLOPs; M*N*K*2 * (1/128 + 1/128) bytes from global memory and 6 * (M*K + K*N) for the packing. Rows in shared memory
// are 80 bytes long: the 8 rows of an ldmatrix begin in 8 different groups of four banks.
// Limit: mma.sync itself, which reaches less than two thirds of an H100's peak; 6 ldmatrix for 16 mma leave room.
#include "matmul/cuda_pack.h"
#include "matmul/tensor_core.h"

namespace stepgrad {
namespace {

constexpr int BK = 32, SIDE = 128, STAGES = 4, LD = BK + 8, TILE = SIDE * LD;

struct Bf16Product {
  MatmulArgs<float> g;
  const bfloat16 *A, *B; // [.., M' or N', depth]
  long a_batch, b_batch;
  int depth;
};

// Starts the copies of SIDE rows of BK numbers; from points at the first.
__device__ inline void start_tile(bfloat16* tile, const bfloat16* from, int depth) {
  for (int e = int(threadIdx.x) * 8; e < SIDE * BK; e += WarpGrid::THREADS * 8)
    copy_async<16>(tile + e / BK * LD + e % BK, from + e / BK * depth + e % BK);
}

__device__ inline void multiply_tile(const bfloat16* A, const bfloat16* B, const WarpGrid& warp,
                                     float (&d)[WarpGrid::ROWS][WarpGrid::COLUMNS][4]) {
#pragma unroll
  for (int k = 0; k < BK; k += 16) {
    unsigned a[WarpGrid::ROWS][4], b[WarpGrid::COLUMNS][2];
#pragma unroll
    for (int m = 0; m < WarpGrid::ROWS; m++) // lanes 0-15: 16 rows at k, lanes 16-31: the same at k + 8
      load_matrices(a[m], A + (warp.row + 16 * m + warp.lane % 16) * LD + k + warp.lane / 16 * 8);
#pragma unroll
    for (int n = 0; n < WarpGrid::COLUMNS;
         n += 2) { // two fragments at a time: 8 columns at k and k + 8, then the next 8
      unsigned pair[4];
      load_matrices(pair, B + (warp.col + 8 * n + warp.lane % 8 + warp.lane / 16 * 8) * LD + k +
                              warp.lane / 8 % 2 * 8);
      b[n][0] = pair[0], b[n][1] = pair[1], b[n + 1][0] = pair[2], b[n + 1][1] = pair[3];
    }
#pragma unroll
    for (int m = 0; m < WarpGrid::ROWS; m++)
#pragma unroll
      for (int n = 0; n < WarpGrid::COLUMNS; n++) mma_bf16(d[m][n], a[m], b[n]);
  }
}

__global__ void __launch_bounds__(WarpGrid::THREADS, 2) matmul_bf16_mma_kernel(Bf16Product p) {
  DYNAMIC_SHARED(bfloat16, As); // [STAGES][TILE], then the same of B
  bfloat16* Bs = As + STAGES * TILE;
  const WarpGrid warp;
  const Corner corner = matmul_corner(p.g.N, SIDE, SIDE);
  const long b = matmul_entry();
  if (b >= p.g.batch) return;
  const int tiles = int(p.depth / BK);
  const bfloat16 *A = p.A + b * p.a_batch + corner.row * p.depth,
                 *B = p.B + b * p.b_batch + corner.col * p.depth;
  const auto start = [&](int tile) { // commits even where there is nothing left: the groups are counted
    if (tile < tiles) {
      start_tile(As + tile % STAGES * TILE, A + tile * BK, p.depth);
      start_tile(Bs + tile % STAGES * TILE, B + tile * BK, p.depth);
    }
    commit_copies();
  };
  float d[WarpGrid::ROWS][WarpGrid::COLUMNS][4] = {};
  for (int tile = 0; tile < STAGES - 1; tile++) start(tile);
  for (int tile = 0; tile < tiles; tile++) {
    wait_copies<STAGES - 2>();
    __syncthreads(); // this tile has arrived for all, and nobody reads the stage that is filled next
    start(tile + STAGES - 1);
    multiply_tile(As + tile % STAGES * TILE, Bs + tile % STAGES * TILE, warp, d);
  }
  store_fragments(d, p.g, b, warp, corner);
}

STEPGRAD_RUNG_F32(MatmulArgs, "matmul", "bf16_mma", 110,
                  "tensor cores on numbers with 7 bits of fraction; ldmatrix, mma.sync, four stages",
                  matmul_bf16_mma)
void matmul_bf16_mma(const MatmulArgs<float>& g) {
  if (g.batch * g.M * g.N == 0) return;
  const Packed<bfloat16> A = pack_a<bfloat16>(g, SIDE, BK), B = pack_b<bfloat16>(g, SIDE, BK);
  launch(matmul_bf16_mma_kernel, matmul_grid(g, SIDE, SIDE), dim3(WarpGrid::THREADS),
         2 * STAGES * TILE * sizeof(bfloat16),
         Bf16Product{g, A.data(), B.data(), A.batch_stride, B.batch_stride, int(A.depth)});
}

// The op that asks for bfloat16 itself (a layer with the dtype policy "mixed_bfloat16"): here the rounding is the definition.
STEPGRAD_RUNG_F32(MatmulArgs, "matmul_bf16", "mma", 20,
                  "tensor cores: rounds and packs both factors, then ldmatrix and mma.sync",
                  matmul_bf16_on_tensor_cores)
void matmul_bf16_on_tensor_cores(const MatmulArgs<float>& g) { matmul_bf16_mma(g); }

} // namespace
} // namespace stepgrad
