// matmul: C[b] = A[b] B[b] for b < batch.
//
// A matrix is a pointer and two strides, so that a transpose costs nothing: A(i, k) = A[i * a_row + k * a_col].
// A batch stride of 0 means that one matrix serves the whole batch. C has contiguous rows: C(i, j) = C[i * ldc + j].
// 2 * batch * M * N * K FLOPs; at least batch * (M*K + K*N + M*N) elements are moved.
#pragma once

namespace stepgrad {

template <class T> struct MatmulArgs {
  long batch, M, N, K;
  const T* A; // [batch, M, K]
  long a_batch, a_row, a_col;
  const T* B; // [batch, K, N]
  long b_batch, b_row, b_col;
  T* C; // [batch, M, N], written only
  long c_batch, ldc;
};

} // namespace stepgrad
