// A few rows of A times a transposed B: plain dot products of rows of A with rows of B, both contiguous. A register
// tile would fill most of its lanes with nothing. Each row of B is read once, at the speed of memory.
#pragma once
#include "matmul/gemm.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> bool better_as_dots(const Gemm<T>& g) {
  return g.M <= 4 && g.csa == 1 && g.rsb == 1 && g.csb != 1 && g.K >= 4 * VL<T>;
}

template <class T> T dot(const T* x, const T* y, long n) {
  constexpr int LANES = 4; // accumulators, so that the additions do not wait for each other
  vec<T> acc[LANES] = {};
  long i = 0;
  for (; i + LANES * VL<T> <= n; i += LANES * VL<T>) {
    STEPGRAD_UNROLL for (int v = 0; v < LANES; v++) acc[v] +=
        load(x + i + v * VL<T>) * load(y + i + v * VL<T>);
  }
  for (; i < n; i += VL<T>) {
    const long part = std::min(VL<T>, n - i);
    acc[0] += load_n(x + i, part) * load_n(y + i, part);
  }
  return fold_lanes<T>((acc[0] + acc[1]) + (acc[2] + acc[3]), [](T a, T b) { return a + b; });
}

template <class T, class For> void dot_products(const Gemm<T>& g, For run_for) {
  run_for(g.N, double(g.M) * g.K * 0.1, [&](long begin, long end) {
    for (long j = begin; j < end; j++)
      for (long i = 0; i < g.M; i++) g.C[i * g.ldc + j] = dot(g.A + i * g.rsa, g.B + j * g.csb, g.K);
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
