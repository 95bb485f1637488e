// Tensor-core rung of matmul on CUDA for Hopper, on numbers rounded to tf32: wgmma fed by TMA.
//
// What changes against `tf32_mma`: no loads and roundings around the product. The factors are rounded to nearest once, while they are
// packed (cuda_pack.h), where each number of `tf32_mma` is rounded by every block that reads it; TMA brings the tiles, and
// wgmma.m64n128k8 reads both from shared memory. The kernel is that of `bf16_wgmma`, which tells how it works, with rows of 32
// numbers of 32 bits in place of 64 of 16. What differs is the transpose: wgmma can turn a tile of 16-bit numbers around, but takes
// 32-bit ones only with k contiguous, for A and for B. A B in rows is therefore turned around on its way, by the packing.
//
// A32 [batch or 1, M', K'], B32 [batch or 1, N', K'] floats, padded to multiples of 128 and 32; C [batch, M, N] float32.
// 2*M*N*K FLOPs; M*N*K*4 * (1/128 + 1/128) bytes from global memory, and 8 * (M*K + K*N) for the packing.
// Limit: twice the bytes of bf16 for each product, from L2 and from shared memory, at half the instruction's rate.
//
// NEVER RUN ON HARDWARE by us: compiled for sm_90a, its machine code inspected (HGMMA, UTMALDG), and its logic run on the
// emulator with the reference bodies of cuda/hopper.h. Measure and check it before you trust it.
#include "matmul/wgmma.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG_F32(MatmulArgs, "matmul", "tf32_wgmma", 105,
                  "Hopper: wgmma on numbers with 10 bits of fraction, fed by TMA; never run on hardware",
                  matmul_tf32_wgmma)
void matmul_tf32_wgmma(const MatmulArgs<float>& g) { multiply_by_wgmma<float>(g); }

} // namespace
} // namespace stepgrad
