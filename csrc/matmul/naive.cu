// Bottom rung of matmul on CUDA: one thread for each element of C, the definition.
//
// threadIdx.x runs down the *rows* of C, as one writes it first: thread (x, y) computes C(x, y). The 32 threads of a
// warp then read 32 different rows of A, a whole row apart: each load of A touches 32 sectors of 32 bytes to use four
// bytes of each, and each store to C does the same. That is what limits it: memory transactions, not arithmetic.
//
// A [batch, M, K], B [batch, K, N], C [batch, M, N], strides as in matmul.h. 2 M N K FLOPs; every element of A is
// loaded N times, of B M times: 8 M N K bytes asked for, most of them served by the caches.
#include "cuda/cuda.h"
#include "matmul/matmul.h"

namespace stepgrad {
namespace {

template <class T> __global__ void matmul_naive_kernel(MatmulArgs<T> g) {
  const long i = long(blockIdx.x) * blockDim.x + threadIdx.x, j = long(blockIdx.y) * blockDim.y + threadIdx.y;
  if (i >= g.M || j >= g.N) return;
  for (long b = blockIdx.z; b < g.batch; b += gridDim.z) {
    const T *A = g.A + b * g.a_batch, *B = g.B + b * g.b_batch;
    T sum = 0;
    for (long k = 0; k < g.K; k++) sum += A[i * g.a_row + k * g.a_col] * B[k * g.b_row + j * g.b_col];
    g.C[b * g.c_batch + i * g.ldc + j] = sum;
  }
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "naive", 0,
              "a thread for each element of C; a warp walks down 32 rows: nothing coalesces", matmul_naive)
template <class T> void matmul_naive(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N == 0) return;
  const dim3 grid(blocks_for(g.M, 16), blocks_for(g.N, 16), g.batch < 65535 ? unsigned(g.batch) : 65535u);
  launch(matmul_naive_kernel<T>, grid, dim3(16, 16), 0, g);
}

} // namespace
} // namespace stepgrad
