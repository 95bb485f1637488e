// Bottom rung of matmul: the definition, three loops, one dot product for each element of C.
//
// Why it is slow: the innermost loop walks down a column of B. Neighbours in a column lie a whole row apart, so every
// multiplication fetches a new cache line and uses one number of it; and because each addition waits for the one
// before, the compiler cannot use vectors.
//
// Shapes and costs: matmul.h. A cache line of B (64 bytes) is fetched for nearly every multiply-add once B leaves L1.
#include "common/registry.h"
#include "matmul/matmul.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(MatmulArgs, "matmul", "naive", 0,
              "three loops, one dot product an element: walks down the columns of B", matmul_naive)
template <class T> void matmul_naive(const MatmulArgs<T>& g) {
  for (long b = 0; b < g.batch; b++) {
    const T *A = g.A + b * g.a_batch, *B = g.B + b * g.b_batch;
    T* C = g.C + b * g.c_batch;
    for (long i = 0; i < g.M; i++)
      for (long j = 0; j < g.N; j++) {
        T sum = 0;
        for (long k = 0; k < g.K; k++) sum += A[i * g.a_row + k * g.a_col] * B[k * g.b_row + j * g.b_col];
        C[i * g.ldc + j] = sum;
      }
  }
}

} // namespace
} // namespace stepgrad
