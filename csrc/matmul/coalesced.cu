// Second rung of matmul on CUDA: the same thread for each element of C, but neighbouring threads take neighbouring columns.
//
// What changes: x and y change places, nothing else. The threads of a warp now read neighbouring elements of a row of B and write
// neighbouring elements of C: one transaction of 128 bytes instead of 32 of 32. A's element is the same for half the warp.
// (Where B is transposed its columns are contiguous, and this rung is no better than the one below; the next one is.)
//
// Shapes: matmul.h. 2*M*N*K FLOPs; still 2*M*N*K*4 bytes asked for, in full cache lines.
// Limit: loads. Two of them for one multiply-add; every element of A is fetched N times and every element of B M times.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 16;

template <class T> __global__ void matmul_coalesced_kernel(MatmulArgs<T> g) {
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const long row = corner.row + threadIdx.y, col = corner.col + threadIdx.x;
  const long b = matmul_entry();
  if (b >= g.batch || row >= g.M || col >= g.N) return;
  const T *A = g.A + b * g.a_batch + row * g.a_row, *B = g.B + b * g.b_batch + col * g.b_col;
  T sum = 0;
  for (long k = 0; k < g.K; k++) sum += A[k * g.a_col] * B[k * g.b_row];
  g.C[b * g.c_batch + row * g.ldc + col] = sum;
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "coalesced", 10, "a thread an element; a warp walks along a row of C",
              matmul_coalesced)
template <class T> void matmul_coalesced(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N == 0) return;
  launch(matmul_coalesced_kernel<T>, matmul_grid(g, SIDE, SIDE), dim3(SIDE, SIDE), 0, g);
}

} // namespace
} // namespace stepgrad
