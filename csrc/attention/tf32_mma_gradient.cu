// Tensor-core rung of attention on CUDA, backward, with 10 bits of fraction instead of 7: factors in tf32, sums in float32.
//
// What changes against `bf16_mma`: the same kernels on other fragments, see tf32_mma.cu; the tiles are twice as big.
//
// Shapes and FLOPs as in bf16_mma_gradient.cu.
// Limit: for heads of 128 a block needs 135 KB of shared memory, so that its 4 warps have an SM to themselves.
#include "attention/cuda_mma_gradient.h"

namespace stepgrad {
namespace cuda {

STEPGRAD_RUNG_F32(AttentionGradientArgs, "attention_gradient", "tf32_mma", 105,
                  "tensor cores on numbers with 10 bits of fraction; weights stay in registers",
                  attention_gradient_tf32_mma)
void attention_gradient_tf32_mma(const AttentionGradientArgs<float>& g) { attention_gradient_mma<float>(g); }

} // namespace cuda
} // namespace stepgrad
