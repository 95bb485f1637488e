// Fourth rung of matmul: A and B copied into the order in which they are used, and a small tile of C in registers.
//
// What changes: where `blocked` walks through A and C with a stride, here both operands are packed: B into panels of TN
// columns, A into strips of TM rows, each so that the inner loop reads its next numbers from the next addresses. With
// that, TM x TN sums fit into registers for a whole block of K: C is loaded and stored once a block instead of once a
// multiplication. The copies cost M*K + K*N moves against M*K*N multiply-adds. Edges are filled up with zeros, so that
// there is one tile only.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; each step of K loads TM + TN numbers for TM * TN multiply-adds.
#include "common/registry.h"
#include "common/scratch.h"
#include "matmul/matmul.h"
#include <algorithm>

namespace stepgrad {
namespace {

constexpr long TM = 4, TN = 8, BK = 256;

// strips[s][k][i] = X(s * width + i, k) for k < K, with zeros behind the last of n; X(i, k) = X[i * i_stride + k * k_stride].
template <class T>
void pack_strips(T* strips, long width, const T* X, long i_stride, long k_stride, long n, long K) {
  for (long i0 = 0; i0 < n; i0 += width)
    for (long k = 0; k < K; k++)
      for (long i = i0; i < i0 + width; i++) *strips++ = i < n ? X[i * i_stride + k * k_stride] : T(0);
}

// C[TM, TN] += strip of A [K, TM] times panel of B [K, TN]; only rows x columns of C exist.
template <class T>
void multiply_tile(long K, const T* A, const T* B, T* C, long ldc, long rows, long columns) {
  T sum[TM][TN] = {};
  for (long k = 0; k < K; k++, A += TM, B += TN) {
#pragma GCC unroll 4
    for (long i = 0; i < TM; i++)
#pragma GCC unroll 8
      for (long j = 0; j < TN; j++) sum[i][j] += A[i] * B[j];
  }
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) C[i * ldc + j] += sum[i][j];
}

STEPGRAD_RUNG(MatmulArgs, "matmul", "packed", 25,
              "A and B copied into the order of use; a 4 x 8 tile of C in registers", matmul_packed)
template <class T> void matmul_packed(const MatmulArgs<T>& g) {
  const auto round_up = [](long n, long step) { return (n + step - 1) / step * step; };
  T* a = scratch<T>(Scratch::PACKED_A, round_up(g.M, TM) * BK);
  T* b = scratch<T>(Scratch::PACKED_B, round_up(g.N, TN) * BK);
  for (long batch = 0; batch < g.batch; batch++) {
    const T *A = g.A + batch * g.a_batch, *B = g.B + batch * g.b_batch;
    T* C = g.C + batch * g.c_batch;
    for (long i = 0; i < g.M; i++) std::fill(C + i * g.ldc, C + i * g.ldc + g.N, T(0));
    for (long k0 = 0; k0 < g.K; k0 += BK) {
      const long K = std::min(BK, g.K - k0);
      pack_strips(a, TM, A + k0 * g.a_col, g.a_row, g.a_col, g.M, K);
      pack_strips(b, TN, B + k0 * g.b_row, g.b_col, g.b_row, g.N, K);
      for (long j = 0; j < g.N; j += TN) // a panel of B, 8 KiB, stays in L1 while A passes over it
        for (long i = 0; i < g.M; i += TM)
          multiply_tile(K, a + i * K, b + j * K, C + i * g.ldc + j, g.ldc, std::min(TM, g.M - i),
                        std::min(TN, g.N - j));
    }
  }
}

} // namespace
} // namespace stepgrad
