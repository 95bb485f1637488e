// Tensor-core rung of attention on CUDA, forward: FlashAttention-2's division of work, factors in bfloat16, sums in float32.
//
// What changes against `tiled`: a warp owns 16 queries entirely, so that a row of scores is spread over 4 lanes and its largest takes two
// shuffles; both products are mma.sync, and the weights go from the result of the first to the left factor of the second
// without leaving the registers. Keys and values of the next tile are on their way (cp.async, two stages) while this one is
// used: one barrier a tile. The exponential is 2^x, one instruction. Tiles of queries that see the most keys start first.
//
// q [batch, tq, heads, d], k, v [batch, tk, kv_heads, d or dv], y [batch, tq, heads, dv], max, sum [batch, heads, tq], float32; packed
// copies of q, k, v in bfloat16 in scratch memory (cuda_fragments.h). 2 * tq * tk * (d + dv) FLOPs a head, half where causal;
// 10 bytes an element of q, k, v for the packing and its first reading, then k and v again for every 64 queries, from L2.
// Weights and all factors have 8 bits of precision: errors around 0.5 % of the values, so it runs only where it is asked for.
// Limit: beside the products stand the exponentials: an SM of an A100 does 16 a clock, and 2048 FLOPs of mma. For heads of 64 they
// take half as long as the products, and a warp does one after the other. Then ldmatrix: 9 for 32 mma. wgmma, and warps that take
// turns at products and exponentials, go further on Hopper.
// (Dao 2023 for the division; Milakov and Gimelshein 2018 for the softmax.)
#include "attention/cuda_mma.h"

namespace stepgrad {
namespace cuda {

STEPGRAD_RUNG_F32(AttentionArgs, "attention", "bf16_mma", 110,
                  "tensor cores on numbers with 7 bits of fraction; scores and weights stay in registers",
                  attention_bf16_mma)
void attention_bf16_mma(const AttentionArgs<float>& g) { attention_mma<bfloat16>(g); }

} // namespace cuda
} // namespace stepgrad
