// Bottom rung of batch normalization in training: the formulas as they are written, one column after the other.
//
// Backward, with h = (x - mean) * r; the means are taken down the column:
//   doffset = sum(dy),  dscale = sum(dy * h),  dx = scale * r * (dy - mean(dy) - h * mean(dy * h))
// Why it is slow: it walks down columns, n elements apart, and carries each sum in one register.
//
// x, y, dy, dx: [rows, n], all others [n]. Forward 8, backward 10 * rows * n FLOPs; 4 and 5 * rows * n elements moved.
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
              "two passes down each column, sums carried in double", batch_norm_gradient_naive)
template <class T> void batch_norm_gradient_naive(const BatchNormGradientArgs<T>& g) {
  for (long j = 0; j < g.n; j++) {
    const double mean = g.mean[j], r = 1 / std::sqrt(double(g.variance[j]) + g.epsilon);
    double sum = 0, dot = 0;
    for (long i = 0; i < g.rows; i++) {
      const T x = g.x[i * g.n + j], dy = g.dy[i * g.n + j];
      sum += dy;
      dot += dy * (x - mean) * r;
    }
    g.doffset[j] = T(sum);
    g.dscale[j] = T(dot);
    sum /= double(g.rows), dot /= double(g.rows);
    for (long i = 0; i < g.rows; i++) {
      const double h = (g.x[i * g.n + j] - mean) * r;
      g.dx[i * g.n + j] = T(g.scale[j] * r * (g.dy[i * g.n + j] - sum - h * dot));
    }
  }
}

} // namespace
} // namespace stepgrad
