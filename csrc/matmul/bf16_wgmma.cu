// Third tensor-core rung of matmul on CUDA, for Hopper alone: wgmma fed by TMA, with warps that only fetch.
//
// What changes: wgmma reads both factors from shared memory itself, so no ldmatrix and no fragments of A and B in registers; 128
// threads start a product of 64 x 128 x 16 with one instruction. One thread of a warp group of its own starts the copies, whole
// boxes by TMA, as far ahead as there are stages; it gives its registers to the two groups that multiply. Two barriers a stage
// instead of __syncthreads: `full` counts the bytes that arrived, `empty` the threads that are done with them.
//
// A16 [batch or 1, M', K'], B16 [batch or 1, N', K'] bf16, padded to multiples of 128 and 64 (cuda_pack.h); C [batch, M, N] float32.
// 2*M*N*K FLOPs; M*N*K*2 * (1/128 + 1/128) bytes from global memory. A block of 384 threads and 4 stages of 32 KB computes
// 128 x 128 of C.
// Limit, by what others measured on such kernels (about half to two thirds of cuBLAS): a tile of 128 x 128 reads too much
// shared memory for each product; 128 x 256, clusters and stores by TMA are the steps that are not taken here.
//
// NEVER RUN ON HARDWARE by us: compiled for sm_90a, its machine code inspected (HGMMA, UTMALDG), and its logic run on the
// emulator with the reference bodies of cuda/hopper.h. Measure and check it before you trust it.
#include "matmul/wgmma.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG_F32(
    MatmulArgs, "matmul", "bf16_wgmma", 120,
    "Hopper: wgmma on tiles that TMA fetches, one warp group for the copies; never run on hardware",
    matmul_bf16_wgmma)
void matmul_bf16_wgmma(const MatmulArgs<float>& g) { multiply_by_wgmma<bfloat16>(g); }

} // namespace
} // namespace stepgrad
