// Top rung of batch normalization in training: vectors across the columns, blocks of rows shared among threads.
//
// What changes: rows are walked in the order of memory, and everything that belongs to a column alone is computed once.
// Backward one pass gathers sum(dy) and sum(dy * (x - mean)), four rows together; each block of rows has its own sums,
// and they are added in the order of the blocks: the same bits for any number of threads. The second pass writes
// dx = factor * (dy - a - (x - mean) * b) with a and b known for each column. (Formulas: batch_norm_naive.cpp.)
//
// x, y, dy, dx: [rows, n], all others [n]. Forward 7, backward 9 * rows * n FLOPs; 3 and 5 * rows * n elements moved.
#include "common/registry.h"
#include "norm/statistics.h"
#include "norm/strips.h"
#include <cmath>

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(BatchNormArgs, "batch_norm", "simd", 10,
              "vectors across columns, blocks of rows combined in order; threaded", batch_norm_simd)
template <class T> void batch_norm_simd(const BatchNormArgs<T>& g) {
  column_statistics(BatchNormStatisticsArgs<T>{g.x, g.mean, g.variance, g.rows, g.n});
  T* factor = scratch<T>(Scratch::PARTIAL, g.n);
  for (long j = 0; j < g.n; j++) factor[j] = g.scale[j] / std::sqrt(g.variance[j] + T(g.epsilon));
  parallel_for(g.rows, 0.3 * double(g.n) + 5, [&](long begin, long end) {
    for (long i = begin; i < end; i++)
      each_strip<T>(g.n, [&](long j, long count) {
        const vec<T> away = load_n(g.x + i * g.n + j, count) - load_n(g.mean + j, count);
        store_n(g.y + i * g.n + j, away * load_n(factor + j, count) + load_n(g.offset + j, count), count);
      });
  });
}

constexpr long GROUP = 4; // rows that are added to the block's sums together

template <class T> void add_rows(const BatchNormGradientArgs<T>& g, long i, long rows, T* dot, T* sum) {
  each_strip<T>(g.n, [&](long j, long count) {
    const vec<T> mean = load_n(g.mean + j, count);
    vec<T> to_dot = load_n(dot + j, count), to_sum = load_n(sum + j, count);
    for (long k = i; k < i + rows; k++) {
      const vec<T> dy = load_n(g.dy + k * g.n + j, count);
      to_dot += dy * (load_n(g.x + k * g.n + j, count) - mean);
      to_sum += dy;
    }
    store_n(dot + j, to_dot, count);
    store_n(sum + j, to_sum, count);
  });
}

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "simd", 10,
              "two passes in the order of memory, blocks of rows added in order; threaded",
              batch_norm_gradient_simd)
template <class T> void batch_norm_gradient_simd(const BatchNormGradientArgs<T>& g) {
  const long block = rows_of_block(g.rows), blocks = (g.rows + block - 1) / block;
  T* dot = scratch<T>(Scratch::PARTIAL, (2 * blocks + 3) * g.n); // [blocks, n]
  T* sum = dot + blocks * g.n;                                   // [blocks, n]
  T *factor = sum + blocks * g.n, *a = factor + g.n, *b = a + g.n;
  parallel_for(blocks, 0.5 * double(block * g.n), [&](long begin, long end) {
    for (long k = begin; k < end; k++) {
      std::fill_n(dot + k * g.n, g.n, T(0));
      std::fill_n(sum + k * g.n, g.n, T(0));
      const long last = std::min(g.rows, (k + 1) * block);
      for (long i = k * block; i < last; i += GROUP)
        add_rows(g, i, std::min(GROUP, last - i), dot + k * g.n, sum + k * g.n);
    }
  });
  sum_blocks(dot, blocks, g.n, g.dscale);
  sum_blocks(sum, blocks, g.n, g.doffset);
  for (long j = 0; j < g.n; j++) {
    const T r =
        g.rows ? T(1) / std::sqrt(g.variance[j] + T(g.epsilon)) : T(0); // no rows: the variance is NaN
    g.dscale[j] *= r;
    factor[j] = g.scale[j] * r;
    a[j] = g.doffset[j] / T(g.rows);
    b[j] = g.dscale[j] * r / T(g.rows);
  }
  parallel_for(g.rows, 0.5 * double(g.n) + 5, [&](long begin, long end) {
    for (long i = begin; i < end; i++)
      each_strip<T>(g.n, [&](long j, long count) {
        const vec<T> away = load_n(g.x + i * g.n + j, count) - load_n(g.mean + j, count),
                     dy = load_n(g.dy + i * g.n + j, count);
        store_n(g.dx + i * g.n + j,
                load_n(factor + j, count) * (dy - load_n(a + j, count) - away * load_n(b + j, count)), count);
      });
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
