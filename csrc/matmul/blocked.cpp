// Third rung of matmul: loop_order on blocks that fit into the cache, two rows of B at a time.
//
// What changes: a block of B, BK x BJ elements, stays in L1 while all rows of A pass over it, instead of all of B being
// fetched anew for each row. This pays once B is larger than the L2 cache. And four rows of C take part in each pass,
// so that each loaded element of B is used four times. A transposed B is copied into the block row by row, so that
// even then the inner loop is contiguous.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; B comes from memory once, C is read and written K / BK times.
#include "common/registry.h"
#include "matmul/matmul.h"
#include <algorithm>

namespace stepgrad {
namespace {

constexpr long BK = 32, BJ = 128, ROWS = 4;

// c[r][j] += sum over k of A(r, k) * block[k][j], for up to ROWS rows of A and C.
template <class T>
void multiply_block(long rows, long K, long N, const T* A, long a_row, long a_col, const T* block, T* C,
                    long ldc) {
  T* __restrict c0 = C;
  if (rows < ROWS) {
    for (long r = 0; r < rows; r++, A += a_row, c0 += ldc)
      for (long k = 0; k < K; k++)
        for (long j = 0; j < N; j++) c0[j] += A[k * a_col] * block[k * BJ + j];
    return;
  }
  T* __restrict c1 = c0 + ldc, * __restrict c2 = c1 + ldc, * __restrict c3 = c2 + ldc;
  for (long k = 0; k < K; k++) {
    const T* b = block + k * BJ;
    const T a0 = A[k * a_col], a1 = A[a_row + k * a_col], a2 = A[2 * a_row + k * a_col],
            a3 = A[3 * a_row + k * a_col];
    for (long j = 0; j < N; j++)
      c0[j] += a0 * b[j], c1[j] += a1 * b[j], c2[j] += a2 * b[j], c3[j] += a3 * b[j];
  }
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "blocked", 20,
              "a block of B stays in L1 while four rows of A at a time pass over it", matmul_blocked)
template <class T> void matmul_blocked(const MatmulArgs<T>& g) {
  T block[BK * BJ];
  for (long b = 0; b < g.batch; b++) {
    const T *A = g.A + b * g.a_batch, *B = g.B + b * g.b_batch;
    T* C = g.C + b * g.c_batch;
    for (long i = 0; i < g.M; i++) std::fill(C + i * g.ldc, C + i * g.ldc + g.N, T(0));
    for (long k0 = 0; k0 < g.K; k0 += BK)
      for (long j0 = 0; j0 < g.N; j0 += BJ) {
        const long K = std::min(BK, g.K - k0), N = std::min(BJ, g.N - j0);
        for (long k = 0; k < K; k++)
          for (long j = 0; j < N; j++) block[k * BJ + j] = B[(k0 + k) * g.b_row + (j0 + j) * g.b_col];
        for (long i = 0; i < g.M; i += ROWS)
          multiply_block(std::min(ROWS, g.M - i), K, N, A + i * g.a_row + k0 * g.a_col, g.a_row, g.a_col,
                         block, C + i * g.ldc + j0, g.ldc);
      }
  }
}

} // namespace
} // namespace stepgrad
