// Mean and biased variance of every column, on vectors; used by batch_norm_statistics and by batch_norm.
//
// Each block of 256 rows gives its mean and its sum of squared distances to it while it is in cache; two blocks are combined
// by Chan, Golub and LeVeque's formula (1979), in the order of the blocks: the same bits for any number of threads.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "norm/narrow.h"
#include "norm/norm.h"
#include <algorithm>
#include <limits>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long BLOCK_ROWS = 256;

// mean[j] and squares[j] = sum((x - mean)^2) of n rows, for up to one vector of columns.
template <class T>
STEPGRAD_INLINE void block_statistics(const T* x, long n, long c, long columns, T* mean, T* squares) {
  const auto row = [&](long i) { return load_n(x + i * c, columns); };
  vec<T> sum{}, square{};
  for (long i = 0; i < n; i++) sum += row(i);
  const vec<T> m = sum / T(n);
  for (long i = 0; i < n; i++) {
    const vec<T> distance = row(i) - m;
    square += distance * distance;
  }
  store_n(mean, m, columns);
  store_n(squares, square, columns);
}

// mean: [c], squares: [c] of x: [n, c].
template <class T> void block_columns(const T* x, long n, long c, T* mean, T* squares) {
  long j = 0;
  for (; j + VL<T> <= c; j += VL<T>) block_statistics(x + j, n, c, VL<T>, mean + j, squares + j);
  if (j < c) block_statistics(x + j, n, c, c - j, mean + j, squares + j);
}

template <class T, class Loop> void column_statistics(const BatchNormStatisticsArgs<T>& g, Loop loop) {
  const Fold f = fold_rows<T>(g.n, g.c);
  const long blocks = (f.wide_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  T* partial =
      scratch<T>(Scratch::PARTIAL, (blocks + 1) * 2 * f.width); // [blocks + 1, (mean, squares), width]
  const auto block = [&](long b) { return partial + b * 2 * f.width; };
  const auto rows = [&](long b) { return std::min(BLOCK_ROWS, f.wide_rows - b * BLOCK_ROWS); };
  loop(blocks, 0.3 * double(std::min(f.wide_rows, BLOCK_ROWS) * f.width), [&](long begin, long end) {
    for (long b = begin; b < end; b++)
      block_columns(g.x + b * BLOCK_ROWS * f.width, rows(b), f.width, block(b), block(b) + f.width);
  });
  block_columns(g.x + f.wide_rows * f.width, f.rest, g.c, block(blocks), block(blocks) + f.width);
  for (long j = 0; j < g.c; j++) {
    double n = 0, mean = g.n ? 0 : std::numeric_limits<double>::quiet_NaN(), squares = 0;
    const auto add = [&](double more, const T* part) {
      const double distance = part[0] - mean;
      squares += part[f.width] + distance * distance * n * more / (n + more);
      mean += distance * more / (n + more);
      n += more;
    };
    for (long b = 0; b < blocks; b++)
      for (long k = 0; k < f.fold; k++) add(double(rows(b)), block(b) + k * g.c + j);
    if (f.rest) add(double(f.rest), block(blocks) + j);
    g.mean[j] = T(mean);
    g.variance[j] = T(squares / double(g.n));
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
