// Tensor-core rung of attention on CUDA, forward, with 10 bits of fraction instead of 7: factors in tf32, sums in float32.
//
// What changes against `bf16_mma`: the same kernel on other fragments (cuda_fragments.h). A factor has 4 bytes, so the packed copies
// have 4 bytes an element, a tile of 32 keys is as big as one of 64, and an mma.sync adds up 8 products an element instead of 16.
// ldmatrix brings 4 numbers where it brought 8, and cannot turn tf32 around: values come by plain loads, two for each mma.
// Errors are around 0.05 % of the values. It stands below bf16_mma, and runs only where it is asked for.
//
// Shapes and FLOPs as in bf16_mma.cu; 12 bytes an element of q, k, v for the packing and its first reading, then k and v again for every
// 64 queries, from L2.
// Limit: tensor cores do half as many FLOPs a clock with tf32 as with bfloat16, and shared memory serves twice the bytes for each.
#include "attention/cuda_mma.h"

namespace stepgrad {
namespace cuda {

STEPGRAD_RUNG_F32(AttentionArgs, "attention", "tf32_mma", 105,
                  "tensor cores on numbers with 10 bits of fraction; scores and weights stay in registers",
                  attention_tf32_mma)
void attention_tf32_mma(const AttentionArgs<float>& g) { attention_mma<float>(g); }

} // namespace cuda
} // namespace stepgrad
