// A few rows of A: a register tile would fill most of its lanes with nothing, and what counts is to read B once, at the
// speed of memory. A transposed B gives dot products of its rows, an ordinary one a weighted sum of its rows.
#pragma once
#include "common/dot.h"
#include "matmul/gemm.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// B's columns lie contiguously, and so do A's rows.
template <class T> bool better_as_dots(const Gemm<T>& g) {
  return g.M <= 4 && g.csa == 1 && g.rsb == 1 && g.csb != 1 && g.K >= 4 * VL<T>;
}

template <class T, class For> void dot_products(const Gemm<T>& g, For run_for) {
  run_for(g.N, double(g.M) * g.K * 0.1, [&](long begin, long end) {
    for (long j = begin; j < end; j++)
      for (long i = 0; i < g.M; i++) g.C[i * g.ldc + j] = dot(g.A + i * g.rsa, g.B + j * g.csb, g.K);
  });
}

// One row: C(j) = sum over k of A(k) B(k, j), several rows of B in each pass over C, which stays in L1.
template <class T> bool better_as_sum_of_rows(const Gemm<T>& g) {
  return g.M == 1 && g.csb == 1 && g.N >= VL<T>;
}

template <class T, class For> void sum_of_rows(const Gemm<T>& g, For run_for) {
  constexpr long ROWS = 8, STRIP = 4 * VL<T>;
  run_for(ceil_div(g.N, STRIP), double(STRIP) * g.K * 0.1, [&](long begin, long end) {
    const long j1 = std::min(end * STRIP, g.N);
    for (long k = 0; k < std::max(g.K, 1L); k += ROWS) {
      const long rows = std::min(ROWS, g.K - k);
      for (long j = begin * STRIP; j < j1; j += VL<T>) {
        const long n = std::min(VL<T>, j1 - j);
        vec<T> sum = k > 0 || g.accumulate ? load_n(g.C + j, n) : vec<T>{};
        const T *a = g.A + k * g.csa, *b = g.B + k * g.rsb + j;
        if (rows == ROWS && n == VL<T>) {
          STEPGRAD_UNROLL for (long r = 0; r < ROWS; r++) sum += a[r * g.csa] * load(b + r * g.rsb);
        } else {
          for (long r = 0; r < rows; r++) sum += a[r * g.csa] * load_n(b + r * g.rsb, n);
        }
        store_n(g.C + j, sum, n);
      }
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
