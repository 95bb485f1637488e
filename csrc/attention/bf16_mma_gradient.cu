// Tensor-core rung of attention on CUDA, backward: bfloat16 factors, sums in float32.
//
// With G = dY V^T and D = rowsum(dY * Y):  dS = P * (G - D),  dQ = scale dS K,  dK = scale dS^T Q,  dV = P^T dY.
// What changes against `tiled`: all five products are mma.sync. Two kernels, as there: in the first a warp owns 16 queries and
// walks over the keys, in the second it owns 16 keys and walks over the queries. The second computes the transposes S^T and
// G^T, so that in both the weights are the left factor of what follows, and stay in registers. The other side's tiles arrive
// by cp.async in two stages. What a row needs, (max, 1 / sum, D), is computed once and read as 16 bytes.
//
// q, y, dy, dq [batch, tq, heads, d or dv], k, v, dk, dv_ [batch, tk, kv_heads, d or dv], max, sum [batch, heads, tq], float32; packed
// copies of q, k, v, dy in bfloat16 (cuda_fragments.h). 14 * tq * tk * d FLOPs a head for d = dv, half where causal.
// Limit: for wide heads registers (dK and dV alone take 128 of a lane's 255), so that 8 to 12 warps share an SM, too few to hide
// ldmatrix; one exponential for each weight in both kernels. No atomics: 14 products where those would take 10.
#include "attention/cuda_mma_gradient.h"

namespace stepgrad {
namespace cuda {

STEPGRAD_RUNG_F32(AttentionGradientArgs, "attention_gradient", "bf16_mma", 110,
                  "tensor cores on numbers with 7 bits of fraction; weights stay in registers",
                  attention_gradient_bf16_mma)
void attention_gradient_bf16_mma(const AttentionGradientArgs<float>& g) {
  attention_gradient_mma<bfloat16>(g);
}

} // namespace cuda
} // namespace stepgrad
