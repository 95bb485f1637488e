// What the two rungs for Hopper share: wgmma on tiles that TMA fetches, for factors of 16 bits or of 32. bf16_wgmma.cu tells how.
#pragma once
#include "cuda/hopper.h"
#include "matmul/cuda_pack.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 128, STAGES = 4, GROUP = 128, THREADS = 3 * GROUP;
constexpr int STAGE_BYTES = 2 * SIDE * 128; // of A and B together: rows of 128 bytes

#if !defined(__CUDACC__) ||                                                                                  \
    defined(__CUDA_ARCH_FEAT_SM90_ALL) // elsewhere the kernel is empty, and the launcher refuses
#define STEPGRAD_HOPPER
#endif

// a_rows, b_rows: from one batch entry to the next, 0 where all share one. tiles: along k.
template <class Number>
__global__ void __launch_bounds__(THREADS)
    matmul_wgmma_kernel(MatmulArgs<float> g, long a_rows, long b_rows, int tiles,
                        const __grid_constant__ TensorMap A, const __grid_constant__ TensorMap B) {
#ifdef STEPGRAD_HOPPER
  constexpr int BK = TILE_COLUMNS<Number>, TILE = SIDE * BK;
  DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* base = memory + (1024 - reinterpret_cast<uintptr_t>(memory) % 1024) % 1024;
  auto* stages = reinterpret_cast<Number*>(base); // [STAGES][A and B][TILE]
  auto* full = reinterpret_cast<ArrivalBarrier*>(base + STAGES * STAGE_BYTES);
  ArrivalBarrier* empty = full + STAGES;
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const int group = int(threadIdx.x) / GROUP;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; s++) init_barrier(full + s, 1), init_barrier(empty + s, 2 * GROUP);
    publish_barriers();
  }
  __syncthreads();
  if (group == 0) {
    give_registers<40>();
    if (threadIdx.x == 0)
      for (int tile = 0; tile < tiles; tile++) {
        const int s = tile % STAGES;
        Number* to = stages + s * 2 * TILE;
        wait_for_phase(empty + s, tile / STAGES % 2 ^ 1); // passes at once the first time round
        arrive_expecting(full + s, STAGE_BYTES);
        copy_box(to, A, int(b * a_rows + corner.row), tile * BK, SIDE, full + s);
        copy_box(to + TILE, B, int(b * b_rows + corner.col), tile * BK, SIDE, full + s);
      }
    return;
  }
  take_registers<232>();
  const int lane = int(threadIdx.x) % 32, first = (group - 1) * 64; // this group's rows of the tile
  float d[64] = {};
  for (int tile = 0; tile < tiles; tile++) {
    const int s = tile % STAGES;
    const Number* at = stages + s * 2 * TILE;
    wait_for_phase(full + s, tile / STAGES % 2);
    begin_wgmma();
#pragma unroll
    for (int k = 0; k < BK; k += BK / 4) wgmma(d, at + first * BK, at + TILE, k);
    finish_wgmma();
    arrive(empty + s);
  }
  const long row = corner.row + first + int(threadIdx.x) / 32 % 4 * 16 + lane / 4,
             col = corner.col + lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < 64; i++) {
    const long r = row + i / 2 % 2 * 8, c = col + i / 4 * 8 + i % 2;
    if (r < g.M && c < g.N) g.C[b * g.c_batch + r * g.ldc + c] = d[i];
  }
#endif
}

template <class Number> void multiply_by_wgmma(const MatmulArgs<float>& g) {
  if (g.batch * g.M * g.N == 0) return;
  constexpr int BK = TILE_COLUMNS<Number>;
  const Packed<Number> A = pack_a<Number>(g, SIDE, BK), B = pack_b<Number>(g, SIDE, BK);
  launch(matmul_wgmma_kernel<Number>, matmul_grid(g, SIDE, SIDE), dim3(THREADS),
         STAGES * STAGE_BYTES + 2 * STAGES * sizeof(ArrivalBarrier) + 1024, g, A.batch_stride ? A.count : 0L,
         B.batch_stride ? B.count : 0L, int(A.depth / BK),
         describe_matrix(A.data(), A.batch * A.count, A.depth, SIDE),
         describe_matrix(B.data(), B.batch * B.count, B.depth, SIDE));
}

} // namespace
} // namespace stepgrad
