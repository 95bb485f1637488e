// Second rung of RMS normalization: vectors along the row.
//
// What changes: a row is read from memory once, its second pass finds it in cache, and every sum is taken in several
// vectors at once. Backward four rows together go through the pass that writes dx and gathers dscale.
// (Formulas: rms_norm_naive.cpp.)
//
// x, y, dy, dx: [rows, n], mean_square: [rows], scale, dscale: [n]. Forward 4, backward 9 * rows * n FLOPs; 2 and 3 * rows
// * n elements moved.
#include "common/registry.h"
#include "norm/rungs.h"
#include "norm/strips.h"
#include <cmath>

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(RmsNormArgs, "rms_norm", "simd", 10, "vectors along the row, which stays in cache",
              rms_norm_simd)
template <class T> void rms_norm_simd(const RmsNormArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    T squares;
    row_sums<T, 1>(g.n, &squares, [=](long j, long count, vec<T>* s) {
      const vec<T> v = load_strip(x + j, count, T(0));
      s[0] += v * v;
    });
    const T mean_square = squares / T(g.n), r = T(1) / std::sqrt(mean_square + T(g.epsilon));
    each_strip<T>(g.n, [&](long j, long count) {
      store_n(g.y + i * g.n + j, load_n(x + j, count) * r * load_n(g.scale + j, count), count);
    });
    g.mean_square[i] = mean_square;
  }
}

constexpr long GROUP = 4; // rows that go through the second pass together

STEPGRAD_RUNG(RmsNormGradientArgs, "rms_norm_gradient", "simd", 10,
              "both gradients while a row is in cache, four rows together", rms_norm_gradient_simd)
template <class T> void rms_norm_gradient_simd(const RmsNormGradientArgs<T>& g) {
  std::fill_n(g.dscale, g.n, T(0));
  for (long i = 0; i < g.rows; i += GROUP) {
    const long rows = std::min(GROUP, g.rows - i);
    T r[GROUP], mean[GROUP]; // of g * h
    for (long k = 0; k < rows; k++) {
      const T *x = g.x + (i + k) * g.n, *dy = g.dy + (i + k) * g.n;
      r[k] = T(1) / std::sqrt(g.mean_square[i + k] + T(g.epsilon));
      row_sums<T, 1>(g.n, &mean[k], [=](long j, long count, vec<T>* s) {
        s[0] += load_strip(dy + j, count, T(0)) * load_strip(g.scale + j, count, T(0)) *
                load_strip(x + j, count, T(0));
      });
      mean[k] *= r[k] / T(g.n);
    }
    each_strip<T>(g.n, [&](long j, long count) {
      const vec<T> scale = load_n(g.scale + j, count);
      vec<T> to_scale = load_n(g.dscale + j, count);
      for (long k = 0; k < rows; k++) {
        const long at = (i + k) * g.n + j;
        const vec<T> dy = load_n(g.dy + at, count), h = load_n(g.x + at, count) * r[k];
        store_n(g.dx + at, r[k] * (dy * scale - h * mean[k]), count);
        to_scale += dy * h;
      }
      store_n(g.dscale + j, to_scale, count);
    });
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
