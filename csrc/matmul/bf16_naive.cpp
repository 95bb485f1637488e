// Bottom rung of matmul_bf16: the definition. Both factors are rounded to bfloat16, products and sums are float's. (The
// product of two bfloat16 numbers is exact in a float.)
//
// Shapes and costs: matmul.h. Slow for the reasons that matmul/naive is, and every number is rounded again each time it is used.
#include "common/registry.h"
#include "matmul/bf16.h"
#include "matmul/matmul.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(MatmulArgs, "matmul_bf16", "naive", 0, "three loops; rounds each number whenever it is used",
              matmul_bf16_naive)
template <class T> void matmul_bf16_naive(const MatmulArgs<T>& g) {
  for (long b = 0; b < g.batch; b++) {
    const T *A = g.A + b * g.a_batch, *B = g.B + b * g.b_batch;
    T* C = g.C + b * g.c_batch;
    for (long i = 0; i < g.M; i++)
      for (long j = 0; j < g.N; j++) {
        T sum = 0;
        for (long k = 0; k < g.K; k++)
          sum += round_bf16(A[i * g.a_row + k * g.a_col]) * round_bf16(B[k * g.b_row + j * g.b_col]);
        C[i * g.ldc + j] = sum;
      }
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
