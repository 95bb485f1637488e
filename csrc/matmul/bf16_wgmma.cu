// Third tensor-core rung of matmul on CUDA, for Hopper alone: wgmma fed by TMA, with warps that only fetch.
//
// What changes: wgmma reads both factors from shared memory itself, so no ldmatrix and no fragments of A and B in registers; 128
// threads start a product of 64 x 128 x 16 with one instruction. One thread of a warp group of its own starts the copies, whole
// boxes by TMA, as far ahead as there are stages; it gives its registers to the two groups that multiply. Two barriers a stage
// instead of __syncthreads: `full` counts the bytes that arrived, `empty` the threads that are done with them.
//
// A16 [batch or 1, M', K'], B16 [batch or 1, N', K'] bf16, padded to multiples of 128 and 64 (bf16_pack.h); C [batch, M, N] float32.
// 2*M*N*K FLOPs; M*N*K*2 * (1/128 + 1/128) bytes from global memory. A block of 384 threads and 4 stages of 32 KB computes
// 128 x 128 of C.
// Limit, by what others measured on such kernels (about half to two thirds of cuBLAS): a tile of 128 x 128 reads too much
// shared memory for each product; 128 x 256, clusters and stores by TMA are the steps that are not taken here.
//
// NEVER RUN ON HARDWARE by us: compiled for sm_90a, its machine code inspected (HGMMA, UTMALDG), and its logic run on the
// emulator with the reference bodies of cuda/hopper.h. Measure and check it before you trust it.
#include "cuda/hopper.h"
#include "matmul/bf16_pack.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 128, BK = 64, STAGES = 4, GROUP = 128, THREADS = 3 * GROUP;
constexpr int TILE = SIDE * BK, STAGE_BYTES = 2 * TILE * int(sizeof(bfloat16));

#if !defined(__CUDACC__) ||                                                                                  \
    defined(__CUDA_ARCH_FEAT_SM90_ALL) // elsewhere the kernel is empty, and the launcher refuses
#define STEPGRAD_HOPPER
#endif

// a_rows, b_rows: from one batch entry to the next, 0 where all share one. tiles: along k.
__global__ void __launch_bounds__(THREADS)
    matmul_bf16_wgmma_kernel(MatmulArgs<float> g, long a_rows, long b_rows, int tiles,
                             const __grid_constant__ TensorMap A, const __grid_constant__ TensorMap B) {
#ifdef STEPGRAD_HOPPER
  DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* base = memory + (1024 - reinterpret_cast<uintptr_t>(memory) % 1024) % 1024;
  auto* stages = reinterpret_cast<bfloat16*>(base); // [STAGES][A and B][TILE]
  auto* full = reinterpret_cast<ArrivalBarrier*>(base + STAGES * STAGE_BYTES);
  ArrivalBarrier* empty = full + STAGES;
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const int group = int(threadIdx.x) / GROUP;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; s++) init_barrier(full + s, 1), init_barrier(empty + s, 2 * GROUP);
    publish_barriers();
  }
  __syncthreads();
  int turn = 0; // counts tiles over all batch entries: the stage, and the phase of its barriers
  if (group == 0) {
    give_registers<40>();
    if (threadIdx.x == 0)
      for (long b = blockIdx.y; b < g.batch; b += gridDim.y)
        for (int tile = 0; tile < tiles; tile++, turn++) {
          const int s = turn % STAGES;
          bfloat16* to = stages + s * 2 * TILE;
          wait_for_phase(empty + s, turn / STAGES % 2 ^ 1); // passes at once the first time round
          arrive_expecting(full + s, STAGE_BYTES);
          copy_box(to, A, int(b * a_rows + corner.row), tile * BK, SIDE, full + s);
          copy_box(to + TILE, B, int(b * b_rows + corner.col), tile * BK, SIDE, full + s);
        }
    return;
  }
  take_registers<232>();
  const int lane = int(threadIdx.x) % 32, first = (group - 1) * 64; // this group's rows of the tile
  for (long b = blockIdx.y; b < g.batch; b += gridDim.y) {
    float d[64] = {};
    for (int tile = 0; tile < tiles; tile++, turn++) {
      const int s = turn % STAGES;
      const bfloat16* at = stages + s * 2 * TILE;
      wait_for_phase(full + s, turn / STAGES % 2);
      begin_wgmma();
#pragma unroll
      for (int k = 0; k < BK; k += 16) wgmma_bf16(d, at + first * BK, at + TILE, k);
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
  }
#endif
}

STEPGRAD_RUNG_F32(
    MatmulArgs, "matmul", "bf16_wgmma", 120,
    "Hopper: wgmma on tiles that TMA fetches, one warp group for the copies; never run on hardware",
    matmul_bf16_wgmma)
void matmul_bf16_wgmma(const MatmulArgs<float>& g) {
  if (g.batch * g.M * g.N == 0) return;
  const Packed A = pack_a(g, SIDE, BK), B = pack_b(g, SIDE, BK);
  launch(matmul_bf16_wgmma_kernel, matmul_grid(g, SIDE, SIDE), dim3(THREADS),
         STAGES * STAGE_BYTES + 2 * STAGES * sizeof(ArrivalBarrier) + 1024, g, A.batch_stride ? A.count : 0L,
         B.batch_stride ? B.count : 0L, int(A.depth / BK),
         describe_matrix(A.data(), A.batch * A.count, A.depth, SIDE),
         describe_matrix(B.data(), B.batch * B.count, B.depth, SIDE));
}

} // namespace
} // namespace stepgrad
