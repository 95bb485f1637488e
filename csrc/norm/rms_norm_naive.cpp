// Bottom rung of RMS normalization (Zhang and Sennrich, 2019): the formulas as they are written, one row after the other.
//
//   y = x * r * scale,  r = 1 / sqrt(mean_square + epsilon),  mean_square = mean(x * x) along the row
// Backward, with h = x * r and g = dy * scale:  dx = r * (g - h * mean(g * h)),  dscale = sum over rows of dy * h
// Why it is slow: every sum waits for the addition before it.
//
// x, y, dy, dx: [rows, n], mean_square: [rows], scale, dscale: [n]. Forward 4, backward 9 * rows * n FLOPs; 3 and 5 * rows
// * n elements moved, as a row stays in cache between its passes.
#include "common/registry.h"
#include "norm/norm.h"
#include <algorithm>
#include <cmath>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(RmsNormArgs, "rms_norm", "naive", 0, "two passes over each row, the sum carried in double",
              rms_norm_naive)
template <class T> void rms_norm_naive(const RmsNormArgs<T>& g) {
  for (long i = 0; i < g.rows; i++) {
    const T* x = g.x + i * g.n;
    double squares = 0;
    for (long j = 0; j < g.n; j++) squares += double(x[j]) * x[j];
    const double mean_square = squares / double(g.n), r = 1 / std::sqrt(mean_square + g.epsilon);
    for (long j = 0; j < g.n; j++) g.y[i * g.n + j] = T(x[j] * r * g.scale[j]);
    g.mean_square[i] = T(mean_square);
  }
}

STEPGRAD_RUNG(RmsNormGradientArgs, "rms_norm_gradient", "naive", 0,
              "two passes over each row, the sum carried in double", rms_norm_gradient_naive)
template <class T> void rms_norm_gradient_naive(const RmsNormGradientArgs<T>& g) {
  std::fill_n(g.dscale, g.n, T(0));
  for (long i = 0; i < g.rows; i++) {
    const T *x = g.x + i * g.n, *dy = g.dy + i * g.n;
    const double r = 1 / std::sqrt(double(g.mean_square[i]) + g.epsilon);
    double dot = 0;
    for (long j = 0; j < g.n; j++) dot += dy[j] * g.scale[j] * x[j] * r;
    dot /= double(g.n);
    for (long j = 0; j < g.n; j++) {
      const double h = x[j] * r;
      g.dx[i * g.n + j] = T(r * (dy[j] * g.scale[j] - h * dot));
      g.dscale[j] += T(dy[j] * h);
    }
  }
}

} // namespace
} // namespace stepgrad
