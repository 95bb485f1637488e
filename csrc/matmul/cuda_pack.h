// Brings a factor of a float32 product into the form that tensor-core rungs read: rounded to bfloat16, or to tf32 in a float;
// k contiguous, padded with zeros.
//
// With that, tiles need no check of edges, every row begins at a multiple of 16 bytes, and all four transpositions are one.
// It costs 6 bytes of traffic an element of A and B, or 8; a caller whose arrays are bf16 already would not pay it.
#pragma once
#include "cuda/bfloat16.h"
#include "cuda/tiles.h"
#include "matmul/cuda_tiles.h"

namespace stepgrad {

constexpr int PACK = 32; // a block turns PACK x PACK elements around in shared memory

constexpr long round_up_to(long n, long multiple) { return (n + multiple - 1) / multiple * multiple; }

__device__ inline void round_to(float x, bfloat16& y) { y = to_bfloat16(x); }
__device__ inline void round_to(float x, float& y) { y = __uint_as_float(to_tf32(x)); }

// to [batch, gridDim.x * PACK, padded_depth]; the vectors of `x` may lie either way.
template <class Number>
__global__ void pack_kernel(Factor<float> x, long batch_stride, long batch, long padded_depth, Number* to) {
  SHARED(float, tile, [PACK][PACK + 1]);
  const long i0 = long(blockIdx.x) * PACK;
  const bool along_k = x.k_stride == 1;
  for (long b = blockIdx.z; b < batch; b += gridDim.z)
    for (long k0 = long(blockIdx.y) * PACK; k0 < padded_depth; k0 += long(gridDim.y) * PACK) {
      for (int y = threadIdx.y; y < PACK; y += blockDim.y) {
        const int i = along_k ? y : int(threadIdx.x), k = along_k ? int(threadIdx.x) : y;
        const bool inside = i0 + i < x.count && k0 + k < x.depth;
        tile[i][k] = inside ? x.data[b * batch_stride + (i0 + i) * x.i_stride + (k0 + k) * x.k_stride] : 0;
      }
      __syncthreads();
      for (int i = threadIdx.y; i < PACK; i += blockDim.y)
        round_to(tile[i][threadIdx.x], to[(b * gridDim.x * PACK + i0 + i) * padded_depth + k0 + threadIdx.x]);
      __syncthreads();
    }
}

// A or B of a product as [batch or 1, count, depth], with count and depth padded to multiples; at least one, all zeros, where there is no depth.
template <class Number> class Packed {
public:
  Packed(const Factor<float>& x, long batch_stride, long batch, long count_multiple, long depth_multiple)
      : count(round_up_to(x.count, count_multiple)),
        depth(std::max(round_up_to(x.depth, depth_multiple), depth_multiple)),
        batch_stride(batch_stride == 0 ? 0 : count * depth), batch(batch_stride == 0 ? 1 : batch),
        memory_(this->batch * count * depth) {
    const dim3 grid(unsigned(count / PACK), unsigned(std::min(depth / PACK, MAX_GRID_Y)),
                    unsigned(std::min(this->batch, MAX_GRID_Y)));
    launch(pack_kernel<Number>, grid, dim3(PACK, 8), 0, x, batch_stride, this->batch, depth, memory_.data());
  }
  const Number* data() const { return memory_.data(); }
  const long count, depth, batch_stride, batch;

private:
  Temporary<Number> memory_;
};

template <class Number> Packed<Number> pack_a(const MatmulArgs<float>& g, long rows, long depth) {
  return Packed<Number>({g.A, g.M, g.K, g.a_row, g.a_col}, g.a_batch, g.batch, rows, depth);
}
template <class Number> Packed<Number> pack_b(const MatmulArgs<float>& g, long columns, long depth) {
  return Packed<Number>({g.B, g.N, g.K, g.b_col, g.b_row}, g.b_batch, g.batch, columns, depth);
}

} // namespace stepgrad
