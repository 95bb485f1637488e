// Bottom rung of layer normalization: the formulas as they are written, one row after the other.
//
// Backward, with h = (x - mean) * r and g = dy * scale; the means are taken along the row:
//   dx = r * (g - mean(g) - h * mean(g * h)),  dscale = sum over rows of dy * h,  doffset = sum over rows of dy
// Why it is slow: every sum waits for the addition before it.
//
// x, y, dy, dx: [rows, n], mean, variance: [rows], the rest [n]. Forward 8, backward 12 * rows * n FLOPs; 4 and 5 * rows
// * n elements moved, as a row stays in cache between its passes.
#include "common/registry.h"
#include "norm/norm.h"
#include <algorithm>
#include <cmath>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(LayerNormArgs, "layer_norm", "naive", 0, "three passes over each row, sums carried in double",
              layer_norm_naive)
template <class T> void layer_norm_naive(const LayerNormArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    double sum = 0, squares = 0;
    for (long j = 0; j < g.n; j++) sum += x[j];
    const double mean = sum / double(g.n);
    for (long j = 0; j < g.n; j++) squares += (x[j] - mean) * (x[j] - mean);
    const double variance = squares / double(g.n), r = 1 / std::sqrt(variance + g.epsilon);
    for (long j = 0; j < g.n; j++) g.y[i * g.n + j] = T((x[j] - mean) * r * g.scale[j] + g.offset[j]);
    g.mean[i] = T(mean);
    g.variance[i] = T(variance);
  }
}

STEPGRAD_RUNG(LayerNormGradientArgs, "layer_norm_gradient", "naive", 0,
              "two passes over each row, sums carried in double", layer_norm_gradient_naive)
template <class T> void layer_norm_gradient_naive(const LayerNormGradientArgs<T>& g) {
  std::fill_n(g.dscale, g.n, T(0));
  std::fill_n(g.doffset, g.n, T(0));
  for (long i = 0; i < g.rows; i++) {
    const T *x = g.x + i * g.n, *dy = g.dy + i * g.n;
    const double mean = g.mean[i], r = 1 / std::sqrt(double(g.variance[i]) + g.epsilon);
    double sum = 0, dot = 0;
    for (long j = 0; j < g.n; j++) {
      sum += dy[j] * g.scale[j];
      dot += dy[j] * g.scale[j] * (x[j] - mean) * r;
    }
    sum /= double(g.n), dot /= double(g.n);
    for (long j = 0; j < g.n; j++) {
      const double h = (x[j] - mean) * r;
      g.dx[i * g.n + j] = T(r * (dy[j] * g.scale[j] - sum - h * dot));
      g.dscale[j] += T(dy[j] * h);
      g.doffset[j] += dy[j];
    }
  }
}

} // namespace
} // namespace stepgrad
