// Bottom rung of batch normalization in training: the formulas as they are written, one column after the other.
//
// Backward by the chain rule, with sums down the column; the variance does not depend on the mean:
//   doffset = sum(dy),  dscale = sum(dy * (x - mean)) * r
//   dvariance = -r^3 / 2 * scale * sum(dy * (x - mean)),  dmean = -r * scale * sum(dy)
//   dx = dy * scale * r + dvariance * 2 (x - mean) / rows + dmean / rows
// Why it is slow: it walks down columns, n elements apart, and carries each sum in one register.
//
// x, y, dy, dx: [rows, n], all others [n]. Forward 8, backward 10 * rows * n FLOPs; 4 and 6 * rows * n elements moved.
#include "common/registry.h"
#include "norm/norm.h"
#include <cmath>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(BatchNormArgs, "batch_norm", "naive", 0,
              "three passes down each column, sums carried in double", batch_norm_naive)
template <class T> void batch_norm_naive(const BatchNormArgs<T>& g) {
  for (long j = 0; j < g.n; j++) {
    double sum = 0, squares = 0;
    for (long i = 0; i < g.rows; i++) sum += g.x[i * g.n + j];
    const double mean = sum / double(g.rows);
    for (long i = 0; i < g.rows; i++) squares += (g.x[i * g.n + j] - mean) * (g.x[i * g.n + j] - mean);
    const double variance = squares / double(g.rows), r = 1 / std::sqrt(variance + g.epsilon);
    for (long i = 0; i < g.rows; i++)
      g.y[i * g.n + j] = T((g.x[i * g.n + j] - mean) * r * g.scale[j] + g.offset[j]);
    g.mean[j] = T(mean);
    g.variance[j] = T(variance);
  }
}

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "naive", 0,
              "the chain rule step by step, a pass down each column for each", batch_norm_gradient_naive)
template <class T> void batch_norm_gradient_naive(const BatchNormGradientArgs<T>& g) {
  for (long j = 0; j < g.n; j++) {
    const double mean = g.mean[j], r = 1 / std::sqrt(double(g.variance[j]) + g.epsilon);
    double sum = 0, dot = 0;
    for (long i = 0; i < g.rows; i++) sum += g.dy[i * g.n + j];
    for (long i = 0; i < g.rows; i++) dot += g.dy[i * g.n + j] * (g.x[i * g.n + j] - mean);
    g.doffset[j] = T(sum);
    g.dscale[j] = g.rows ? T(dot * r) : T(0);
    const double to_variance = -0.5 * r * r * r * g.scale[j] * dot, to_mean = -r * g.scale[j] * sum;
    for (long i = 0; i < g.rows; i++)
      g.dx[i * g.n + j] = T(g.dy[i * g.n + j] * g.scale[j] * r +
                            (2 * to_variance * (g.x[i * g.n + j] - mean) + to_mean) / double(g.rows));
  }
}

} // namespace
} // namespace stepgrad
