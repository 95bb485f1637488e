// Batch normalization on vectors across the columns; the rungs simd and threads say how the blocks of rows are shared.
//
// x, y, dy, dx: [rows, n], all others [n], or [width] where they are repeated (narrow.h).
#pragma once
#include "norm/statistics.h"
#include "norm/strips.h"
#include <cmath>

namespace stepgrad {
namespace STEPGRAD_ISA {

// y = (x - mean) * factor + offset
template <class T>
void scale_rows(const T* x, T* y, long rows, long n, const T* mean, const T* factor, const T* offset) {
  for (long i = 0; i < rows; i++)
    each_strip<T>(n, [&](long j, long count) {
      const vec<T> away = load_n(x + i * n + j, count) - load_n(mean + j, count);
      store_n(y + i * n + j, away * load_n(factor + j, count) + load_n(offset + j, count), count);
    });
}

template <class T, class Loop> void batch_norm_columns(const BatchNormArgs<T>& g, Loop loop) {
  column_statistics(BatchNormStatisticsArgs<T>{g.x, g.mean, g.variance, g.rows, g.n}, loop);
  const Fold f = fold_rows<T>(g.rows, g.n);
  T* mean = scratch<T>(Scratch::PARTIAL, 3 * f.width); // [width]
  T *factor = mean + f.width, *offset = factor + f.width;
  for (long j = 0; j < g.n; j++) factor[j] = g.scale[j] / std::sqrt(g.variance[j] + T(g.epsilon));
  repeat(factor, g.n, f.fold, factor);
  repeat(g.mean, g.n, f.fold, mean);
  repeat(g.offset, g.n, f.fold, offset);
  loop(f.wide_rows, 0.3 * double(f.width) + 5, [&](long begin, long end) {
    scale_rows(g.x + begin * f.width, g.y + begin * f.width, end - begin, f.width, mean, factor, offset);
  });
  const long done = f.wide_rows * f.width;
  scale_rows(g.x + done, g.y + done, f.rest, g.n, mean, factor, offset);
}

constexpr long GROUP = 4; // rows that are added to the block's sums together

// dot = sum(dy * (x - mean)), sum = sum(dy)
template <class T>
void gradient_sums(const T* x, const T* dy, long rows, long n, const T* mean, T* dot, T* sum) {
  std::fill_n(dot, n, T(0));
  std::fill_n(sum, n, T(0));
  for (long i = 0; i < rows; i += GROUP) {
    const long last = std::min(rows, i + GROUP);
    each_strip<T>(n, [&](long j, long count) {
      const vec<T> m = load_n(mean + j, count);
      vec<T> to_dot = load_n(dot + j, count), to_sum = load_n(sum + j, count);
      for (long k = i; k < last; k++) {
        const vec<T> g = load_n(dy + k * n + j, count);
        to_dot += g * (load_n(x + k * n + j, count) - m);
        to_sum += g;
      }
      store_n(dot + j, to_dot, count);
      store_n(sum + j, to_sum, count);
    });
  }
}

// What each column needs for dx = factor * (dy - a - (x - mean) * b).
template <class T> struct OfColumn {
  T *mean, *factor, *a, *b; // [width] each
};
template <class T>
void gradient_rows(const T* x, const T* dy, T* dx, long rows, long n, const OfColumn<T>& of) {
  for (long i = 0; i < rows; i++)
    each_strip<T>(n, [&](long j, long count) {
      const vec<T> away = load_n(x + i * n + j, count) - load_n(of.mean + j, count),
                   g = load_n(dy + i * n + j, count) - load_n(of.a + j, count);
      store_n(dx + i * n + j, load_n(of.factor + j, count) * (g - away * load_n(of.b + j, count)), count);
    });
}

template <class T, class Loop>
void batch_norm_gradient_columns(const BatchNormGradientArgs<T>& g, Loop loop) {
  const Fold f = fold_rows<T>(g.rows, g.n);
  const long block = rows_of_block(f.wide_rows), blocks = blocks_of(f.wide_rows),
             done = f.wide_rows * f.width;
  T* dot = scratch<T>(Scratch::PARTIAL, (2 * blocks + 8) * f.width); // [blocks, width]
  T* sum = dot + blocks * f.width;                                   // [blocks, width]
  T *total = sum + blocks * f.width, *rest = total + 2 * f.width;    // [2, width] each: of dot and of sum
  T* own = rest + 2 * f.width;
  const OfColumn<T> of{own, own + f.width, own + 2 * f.width, own + 3 * f.width};
  repeat(g.mean, g.n, f.fold, of.mean);
  loop(blocks, 0.5 * double(block * f.width), [&](long begin, long end) {
    for (long k = begin; k < end; k++) {
      const long first = k * block * f.width, rows = std::min(block, f.wide_rows - k * block);
      gradient_sums(g.x + first, g.dy + first, rows, f.width, of.mean, dot + k * f.width, sum + k * f.width);
    }
  });
  gradient_sums(g.x + done, g.dy + done, f.rest, g.n, of.mean, rest, rest + f.width);
  sum_blocks(dot, blocks, f.width, total, loop);
  sum_blocks(sum, blocks, f.width, total + f.width, loop);
  fold_sums(total, rest, g.n, f.fold, g.dscale);
  fold_sums(total + f.width, rest + f.width, g.n, f.fold, g.doffset);
  for (long j = 0; j < g.n; j++) {
    const T r =
        g.rows ? T(1) / std::sqrt(g.variance[j] + T(g.epsilon)) : T(0); // no rows: the variance is NaN
    g.dscale[j] *= r;
    of.factor[j] = g.scale[j] * r;
    of.a[j] = g.doffset[j] / T(g.rows);
    of.b[j] = g.dscale[j] * r / T(g.rows);
  }
  for (T* column : {of.factor, of.a, of.b}) repeat(column, g.n, f.fold, column);
  loop(f.wide_rows, 0.5 * double(f.width) + 5, [&](long begin, long end) {
    const long at = begin * f.width;
    gradient_rows(g.x + at, g.dy + at, g.dx + at, end - begin, f.width, of);
  });
  gradient_rows(g.x + done, g.dy + done, g.dx + done, f.rest, g.n, of);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
