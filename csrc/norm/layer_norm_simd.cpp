// Third rung of layer normalization: vectors along the row.
//
// What changes: a row is read from memory once, its three passes find it in cache, and every sum is taken in several
// vectors at once. Backward the sums over rows, dscale and doffset, are gathered in the same pass that writes dx, four rows
// together, so that they are loaded and stored a quarter as often. (Formulas: layer_norm_fused.cpp.)
//
// x, y, dy, dx: [rows, n], mean, variance: [rows], the rest [n]. Forward 8, backward 12 * rows * n FLOPs; 2 and 3 * rows
// * n elements moved.
#include "common/registry.h"
#include "norm/rungs.h"
#include "norm/strips.h"
#include <cmath>

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(LayerNormArgs, "layer_norm", "simd", 10, "vectors along the row, which stays in cache",
              layer_norm_simd)
template <class T> void layer_norm_simd(const LayerNormArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    T sum, squares;
    row_sums<T, 1>(g.n, &sum, [=](long j, long count, vec<T>* s) { s[0] += load_strip(x + j, count, T(0)); });
    const T mean = sum / T(g.n);
    row_sums<T, 1>(g.n, &squares, [=](long j, long count, vec<T>* s) {
      const vec<T> away = load_strip(x + j, count, mean) - mean; // 0 beyond the end of the row
      s[0] += away * away;
    });
    const T variance = squares / T(g.n), r = T(1) / std::sqrt(variance + T(g.epsilon));
    each_strip<T>(g.n, [&](long j, long count) {
      const vec<T> h = (load_n(x + j, count) - mean) * r;
      store_n(g.y + i * g.n + j, h * load_n(g.scale + j, count) + load_n(g.offset + j, count), count);
    });
    g.mean[i] = mean;
    g.variance[i] = variance;
  }
}

constexpr long GROUP = 4; // rows that go through the second pass together

// The group of rows i .. i + rows, at most GROUP: writes dx and adds to dscale and doffset.
template <class T> void group_gradient(const LayerNormGradientArgs<T>& g, long i, long rows) {
  T mean[GROUP], r[GROUP], means[GROUP][2]; // of g and of g * h
  for (long k = 0; k < rows; k++) {
    const T *x = g.x + (i + k) * g.n, *dy = g.dy + (i + k) * g.n, m = g.mean[i + k];
    mean[k] = m;
    r[k] = T(1) / std::sqrt(g.variance[i + k] + T(g.epsilon));
    row_sums<T, 2>(g.n, means[k], [=](long j, long count, vec<T>* s) {
      const vec<T> scaled = load_strip(dy + j, count, T(0)) * load_strip(g.scale + j, count, T(0));
      s[0] += scaled;
      s[1] += scaled * (load_strip(x + j, count, m) - m);
    });
    means[k][0] /= T(g.n);
    means[k][1] *= r[k] / T(g.n);
  }
  each_strip<T>(g.n, [&](long j, long count) {
    const vec<T> scale = load_n(g.scale + j, count);
    vec<T> to_scale = load_n(g.dscale + j, count), to_offset = load_n(g.doffset + j, count);
    for (long k = 0; k < rows; k++) {
      const long at = (i + k) * g.n + j;
      const vec<T> dy = load_n(g.dy + at, count), h = (load_n(g.x + at, count) - mean[k]) * r[k];
      store_n(g.dx + at, r[k] * (dy * scale - means[k][0] - h * means[k][1]), count);
      to_scale += dy * h;
      to_offset += dy;
    }
    store_n(g.dscale + j, to_scale, count);
    store_n(g.doffset + j, to_offset, count);
  });
}

STEPGRAD_RUNG(LayerNormGradientArgs, "layer_norm_gradient", "simd", 10,
              "all three gradients while a row is in cache, four rows together", layer_norm_gradient_simd)
template <class T> void layer_norm_gradient_simd(const LayerNormGradientArgs<T>& g) {
  std::fill_n(g.dscale, g.n, T(0));
  std::fill_n(g.doffset, g.n, T(0));
  for (long i = 0; i < g.rows; i += GROUP) group_gradient(g, i, std::min(GROUP, g.rows - i));
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
