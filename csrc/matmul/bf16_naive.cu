// Bottom rung of matmul_bf16 on CUDA: the definition. Both factors are rounded to bfloat16 whenever they are read, products and sums
// are float's. (The product of two bfloat16 numbers is exact in a float.) A double stays as it is, as on the CPU.
//
// Shapes: matmul.h. 2*M*N*K FLOPs. Limit: as matmul/naive, and 5 integer instructions for each rounding.
#include "cuda/bfloat16.h"
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 16;

__device__ float rounded(float x) { return to_float(to_bfloat16(x)); }
__device__ double rounded(double x) { return x; }

template <class T> __global__ void matmul_bf16_naive_kernel(MatmulArgs<T> g) {
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const long i = corner.row + threadIdx.y, j = corner.col + threadIdx.x;
  const long b = matmul_entry();
  if (b >= g.batch || i >= g.M || j >= g.N) return;
  const T *A = g.A + b * g.a_batch + i * g.a_row, *B = g.B + b * g.b_batch + j * g.b_col;
  T sum = 0;
  for (long k = 0; k < g.K; k++) sum += rounded(A[k * g.a_col]) * rounded(B[k * g.b_row]);
  g.C[b * g.c_batch + i * g.ldc + j] = sum;
}

STEPGRAD_RUNG(MatmulArgs, "matmul_bf16", "naive", 0, "a thread an element; rounds each number it reads",
              matmul_bf16_naive)
template <class T> void matmul_bf16_naive(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N > 0)
    launch(matmul_bf16_naive_kernel<T>, matmul_grid(g, SIDE, SIDE), dim3(SIDE, SIDE), 0, g);
}

} // namespace
} // namespace stepgrad
