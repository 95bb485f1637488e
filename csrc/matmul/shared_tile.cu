// Third rung of matmul on CUDA: the block fetches tiles of A and B once into shared memory, and all its threads read them there.
//
// What changes: the sum over k is cut into stretches of SIDE. For each, the 256 threads fetch SIDE x SIDE elements of A and of B,
// one each, wait for each other, and every element is used SIDE times. Which thread fetches which element is free, so the fetch
// follows the contiguous axis of each matrix: all four transpositions are coalesced. A tile's row has one element more than is
// used: a column is then read from (or written to) 16 different banks, not one. The price stays: two such rows are 33 words, so the
// first and the last lane of a store meet in a bank, 2 passes for 1; it is paid by 2 of a thread's 34 accesses a stretch.
//
// Two barriers a stretch: one so that nobody reads before all have written, one so that nobody overwrites what others still read.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; 2*M*N*K*4 / SIDE bytes from global memory.
// Limit: shared memory. Each multiply-add still reads two numbers, now from there: 8 bytes, where an SM has 128 a cycle for
// 128 multiply-adds.
#include "matmul/cuda_tiles.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 16;

template <class T> __global__ void matmul_shared_tile_kernel(MatmulArgs<T> g) {
  SHARED(T, As, [SIDE][SIDE + 1]); // As[i][k], rows of A
  SHARED(T, Bs, [SIDE][SIDE + 1]); // Bs[k][j], columns of B
  const Corner corner = matmul_corner(g.N, SIDE, SIDE);
  const long b = matmul_entry();
  if (b >= g.batch) return;
  const int x = threadIdx.x, y = threadIdx.y;
  // (i, k) of A and (k, j) of B that this thread fetches: x runs along the contiguous axis.
  const int ai = g.a_col == 1 ? y : x, ak = g.a_col == 1 ? x : y;
  const int bk = g.b_col == 1 ? y : x, bj = g.b_col == 1 ? x : y;
  const long row = corner.row + y, col = corner.col + x; // of C
  const T *A = g.A + b * g.a_batch, *B = g.B + b * g.b_batch;
  T sum = 0;
  for (long k0 = 0; k0 < g.K; k0 += SIDE) {
    const long i = corner.row + ai, j = corner.col + bj;
    As[ai][ak] = i < g.M && k0 + ak < g.K ? A[i * g.a_row + (k0 + ak) * g.a_col] : T(0);
    Bs[bk][bj] = j < g.N && k0 + bk < g.K ? B[(k0 + bk) * g.b_row + j * g.b_col] : T(0);
    __syncthreads();
    for (int k = 0; k < SIDE; k++) sum += As[y][k] * Bs[k][x];
    __syncthreads();
  }
  if (row < g.M && col < g.N) g.C[b * g.c_batch + row * g.ldc + col] = sum;
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "shared_tile", 20,
              "tiles of A and B in shared memory, each element used 16 times", matmul_shared_tile)
template <class T> void matmul_shared_tile(const MatmulArgs<T>& g) {
  if (g.batch * g.M * g.N == 0) return;
  launch(matmul_shared_tile_kernel<T>, matmul_grid(g, SIDE, SIDE), dim3(SIDE, SIDE), 0, g);
}

} // namespace
} // namespace stepgrad
