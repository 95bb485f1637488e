// Second rung of batch normalization's gradient: the order of memory, and the chain rule put together.
//
// What changes: rows are walked as they lie in memory, with the sums of all columns carried side by side, and both sums are
// taken in one pass. With h = (x - mean) * r the rest is one more pass, in which all that belongs to a column alone is
// known:  dx = scale * r * (dy - mean(dy) - h * mean(dy * h)) = factor * (dy - a - (x - mean) * b).
//
// x, dy, dx: [rows, n], all others [n]. 9 * rows * n FLOPs; 5 * rows * n elements moved.
#include "common/registry.h"
#include "common/scratch.h"
#include "norm/norm.h"
#include <algorithm>
#include <cmath>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "fused", 5,
              "two passes in the order of memory in place of four down each column",
              batch_norm_gradient_fused)
template <class T> void batch_norm_gradient_fused(const BatchNormGradientArgs<T>& g) {
  double* dot = scratch<double>(Scratch::PARTIAL, 2 * g.n); // [n]
  double* sum = dot + g.n;                                  // [n]
  std::fill_n(dot, 2 * g.n, 0.0);
  for (long i = 0; i < g.rows; i++)
    for (long j = 0; j < g.n; j++) {
      dot[j] += g.dy[i * g.n + j] * (g.x[i * g.n + j] - g.mean[j]);
      sum[j] += g.dy[i * g.n + j];
    }
  for (long j = 0; j < g.n && g.rows; j++) {
    const double r = 1 / std::sqrt(double(g.variance[j]) + g.epsilon);
    g.doffset[j] = T(sum[j]);
    g.dscale[j] = T(dot[j] * r);
    dot[j] *= r * r / double(g.rows); // b
    sum[j] /= double(g.rows);         // a
  }
  if (g.rows == 0) std::fill_n(g.dscale, g.n, T(0)), std::fill_n(g.doffset, g.n, T(0));
  T* factor = scratch<T>(Scratch::PRODUCT, 3 * g.n); // [n]
  T *a = factor + g.n, *b = a + g.n;                 // [n] each
  for (long j = 0; j < g.n; j++) {
    factor[j] = g.scale[j] / std::sqrt(g.variance[j] + T(g.epsilon));
    a[j] = T(sum[j]), b[j] = T(dot[j]);
  }
  for (long i = 0; i < g.rows; i++)
    for (long j = 0; j < g.n; j++)
      g.dx[i * g.n + j] = factor[j] * (g.dy[i * g.n + j] - a[j] - (g.x[i * g.n + j] - g.mean[j]) * b[j]);
}

} // namespace
} // namespace stepgrad
