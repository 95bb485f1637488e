// Mean and biased variance of every column, on vectors; used by batch_norm_statistics and by batch_norm.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "norm/norm.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long BLOCK_ROWS = 256;

// mean[j] and squares[j] = sum((x - mean)^2) of n rows, for up to one vector of columns.
template <class T> void block_statistics(const T* x, long n, long c, long columns, T* mean, T* squares) {
  const auto row = [&](long i) { return load_n(x + i * c, columns); };
  vec<T> sum{}, square{};
  for (long i = 0; i < n; i++) sum += row(i);
  const vec<T> m = sum / T(n);
  for (long i = 0; i < n; i++) {
    const vec<T> distance = row(i) - m;
    square += distance * distance;
  }
  store_part(mean, m, columns);
  store_part(squares, square, columns);
}

template <class T> void column_statistics(const BatchNormStatisticsArgs<T>& g) {
  const long blocks = std::max(1L, (g.n + BLOCK_ROWS - 1) / BLOCK_ROWS);
  T* partial = scratch<T>(Scratch::PARTIAL, blocks * 2 * g.c); // [blocks, (mean, squares), c]
  const auto rows = [&](long block) { return std::min(BLOCK_ROWS, g.n - block * BLOCK_ROWS); };
  parallel_for(blocks, 0.3 * double(std::min(g.n, BLOCK_ROWS) * g.c), [&](long begin, long end) {
    for (long b = begin; b < end; b++)
      for (long j = 0; j < g.c; j += VL<T>) {
        T* mean = partial + b * 2 * g.c + j;
        block_statistics(g.x + b * BLOCK_ROWS * g.c + j, rows(b), g.c, std::min(VL<T>, g.c - j), mean,
                         mean + g.c);
      }
  });
  for (long j = 0; j < g.c; j++) {
    double n = double(rows(0)), mean = partial[j], squares = partial[g.c + j];
    for (long b = 1; b < blocks; b++) {
      const double more = double(rows(b)), distance = partial[b * 2 * g.c + j] - mean;
      squares += partial[(b * 2 + 1) * g.c + j] + distance * distance * n * more / (n + more);
      mean += distance * more / (n + more);
      n += more;
    }
    g.mean[j] = T(mean);
    g.variance[j] = T(squares / double(g.n));
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
