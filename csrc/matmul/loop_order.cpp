// Second rung of matmul: the same multiplications in another order, i-k-j instead of i-j-k.
//
// What changes: the innermost loop now runs along a row of B and a row of C, contiguous memory, so every fetched cache
// line is used whole and the compiler turns the loop into vector instructions (the additions no longer wait for each
// other). Price: the row of C is read and written K times. When B comes transposed its rows are not contiguous and this
// rung gains nothing.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; B is read M times, C is read and written K times, from cache while they fit.
#include "common/registry.h"
#include "matmul/matmul.h"
#include <algorithm>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(MatmulArgs, "matmul", "loop_order", 10,
              "i-k-j: the inner loop runs along rows of B and C and vectorises", matmul_loop_order)
template <class T> void matmul_loop_order(const MatmulArgs<T>& g) {
  for (long b = 0; b < g.batch; b++) {
    const T *A = g.A + b * g.a_batch, *B = g.B + b * g.b_batch;
    for (long i = 0; i < g.M; i++) {
      T* __restrict c = g.C + b * g.c_batch + i * g.ldc; // row i of C, [N]
      std::fill(c, c + g.N, T(0));
      for (long k = 0; k < g.K; k++) {
        const T a = A[i * g.a_row + k * g.a_col];
        const T* brow = B + k * g.b_row; // row k of B, [N]
        if (g.b_col == 1)
          for (long j = 0; j < g.N; j++) c[j] += a * brow[j];
        else
          for (long j = 0; j < g.N; j++) c[j] += a * brow[j * g.b_col];
      }
    }
  }
}

} // namespace
} // namespace stepgrad
