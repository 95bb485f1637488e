// Bottom rung of matmul on CUDA: a thread for each element of C computes one dot product.
//
// Neighbouring threads of a warp take neighbouring rows of C. In row-major arrays these lie a whole row apart, so that the 32
// threads of a warp touch 32 different cache lines of A and of C in one instruction and use 4 bytes of each 32-byte sector.
//
// A [batch, M, K], B [batch, K, N], C [batch, M, N] and costs: matmul.h. 2*M*N*K FLOPs; every multiply-add asks for 8 bytes
// (float32), 2*M*N*K*4 bytes in all, most of them from L1 and L2.
// Limit: the number of memory transactions. A load of A by a warp takes 32 of them; B's element is the same for the whole warp.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 16; // a block computes SIDE x SIDE elements of C

template <class T> __global__ void matmul_naive_kernel(MatmulArgs<T> g) {
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const long row = corner.row + threadIdx.x,
             col = corner.col + threadIdx.y; // x is the fast coordinate of a warp
  const long b = matmul_entry();
  if (b >= g.batch || row >= g.M || col >= g.N) return;
  const T *A = g.A + b * g.a_batch + row * g.a_row, *B = g.B + b * g.b_batch + col * g.b_col;
  T sum = 0;
  for (long k = 0; k < g.K; k++) sum += A[k * g.a_col] * B[k * g.b_row];
  g.C[b * g.c_batch + row * g.ldc + col] = sum;
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "naive", 0, "a thread an element; a warp walks down a column of C",
              matmul_naive)
template <class T> void matmul_naive(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N == 0) return;
  launch(matmul_naive_kernel<T>, matmul_grid(g, SIDE, SIDE), dim3(SIDE, SIDE), 0, g);
}

} // namespace
} // namespace stepgrad
