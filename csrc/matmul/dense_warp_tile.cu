// Top rung of dense on CUDA: matmul's warp tile, with bias and activation in its epilogue.
//
// What changes: as three ops Y is written, read, written, read and written again; here a lane adds the bias and applies f to its 64
// sums while they are in registers. Every element sees the same operations in the same order as in matmul, add and the
// activation: the same bits.
//
// X [M, K], W [K, N], b [N], Y [M, N] (dense.h). 2*M*N*K FLOPs; global memory as matmul's rung (warp_tile.cu), which is 16*M*N bytes
// less than the three ops. A bias is read once for 8 rows, from L1.
// Backward: one pass computes dZ from Y and dY, writes it, and adds up its columns for db (cuda/column_sums.h); then the two
// products, with strides in place of transposes. 4*M*N*K FLOPs; 12*M*N bytes for that pass, 8 without an activation.
// Limit: as matmul's rung; f, 64 times a lane, counts where K is short (tanh takes about 20 instructions, K = 20 multiply-adds).
#include "elementwise/cuda_bias_gradient.h"
#include "matmul/dense.h"
#include "matmul/warp_tile.h"

namespace stepgrad {
namespace {

struct BiasAndActivation {
  const float* bias; // [N]
  long N;
  Activation f;
  __device__ void operator()(float* quad, long j) const {
#pragma unroll
    for (int n = 0; n < QUAD; n++)
      if (j + n < N) quad[n] = activate(f, quad[n] + bias[j + n]);
  }
};

STEPGRAD_RUNG_F32(DenseArgs, "dense", "warp_tile", 60,
                  "matmul's warp tile; bias and activation while a tile of Y is in registers",
                  dense_warp_tile)
void dense_warp_tile(const DenseArgs<float>& g) {
  multiply_by_warp_tiles(MatmulArgs<float>{1, g.M, g.N, g.K, g.X, 0, g.K, 1, g.W, 0, g.N, 1, g.Y, 0, g.N},
                         BiasAndActivation{g.b, g.N, g.activation});
}

STEPGRAD_RUNG_F32(DenseGradientArgs, "dense_gradient", "warp_tile", 60,
                  "dZ and the bias's gradient in one pass, then two products of matmul's warp tile",
                  dense_gradient_warp_tile)
void dense_gradient_warp_tile(const DenseGradientArgs<float>& g) {
  const bool is_linear = g.activation == Activation::LINEAR;
  const Temporary<float> memory(is_linear ? 1 : std::max(1L, g.M * g.N));
  float* dZ = is_linear ? const_cast<float*>(g.dY) : memory.data(); // not written then
  bias_gradient(
      BiasActivationGradientArgs<float>{g.Y, g.dY, is_linear ? nullptr : dZ, g.db, g.M, g.N, g.activation});
  if (g.dX)
    multiply_by_warp_tiles(MatmulArgs<float>{1, g.M, g.K, g.N, dZ, 0, g.N, 1, g.W, 0, 1, g.N, g.dX, 0, g.K},
                           AsItIs());
  multiply_by_warp_tiles(MatmulArgs<float>{1, g.K, g.N, g.M, g.X, 0, 1, g.K, dZ, 0, g.N, 1, g.dW, 0, g.N},
                         AsItIs());
}

} // namespace
} // namespace stepgrad
