// Bottom rung of layer normalization: the formulas as they are written, one row after the other.
//
// Backward by the chain rule, with g = dy * scale and sums along the row; the variance does not depend on the mean:
//   dvariance = -r^3 / 2 * sum(g * (x - mean)),  dmean = -r * sum(g)
//   dx = g * r + dvariance * 2 (x - mean) / n + dmean / n
//   dscale = sum over rows of dy * (x - mean) * r,  doffset = sum over rows of dy
// Why it is slow: a pass for every step, every sum waits for the addition before it, and the columns are n elements apart.
//
// x, y, dy, dx: [rows, n], mean, variance: [rows], the rest [n]. Forward 8, backward 16 * rows * n FLOPs; 4 and 8 * rows
// * n elements moved, as a row stays in cache between its passes.
#include "common/registry.h"
#include "norm/norm.h"
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
              "the chain rule step by step, a pass for each; columns summed down the rows",
              layer_norm_gradient_naive)
template <class T> void layer_norm_gradient_naive(const LayerNormGradientArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T *x = g.x + i * g.n, *dy = g.dy + i * g.n;
    const double mean = g.mean[i], r = 1 / std::sqrt(double(g.variance[i]) + g.epsilon);
    double to_variance = 0, to_mean = 0;
    for (long j = 0; j < g.n; j++) to_variance += dy[j] * g.scale[j] * (x[j] - mean);
    to_variance *= -0.5 * r * r * r;
    for (long j = 0; j < g.n; j++) to_mean += dy[j] * g.scale[j];
    to_mean *= -r;
    for (long j = 0; j < g.n; j++)
      g.dx[i * g.n + j] =
          T(dy[j] * g.scale[j] * r + (2 * to_variance * (x[j] - mean) + to_mean) / double(g.n));
  }
  for (long j = 0; j < g.n; j++) {
    double sum = 0, dot = 0;
    for (long i = 0; i < g.rows; i++) sum += g.dy[i * g.n + j];
    for (long i = 0; i < g.rows; i++)
      dot +=
          g.dy[i * g.n + j] * (double(g.x[i * g.n + j]) - g.mean[i]) / std::sqrt(g.variance[i] + g.epsilon);
    g.doffset[j] = T(sum);
    g.dscale[j] = T(dot);
  }
}

} // namespace
} // namespace stepgrad
