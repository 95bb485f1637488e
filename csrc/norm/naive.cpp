// Bottom rung of the batch statistics: for each column two passes, first the mean, then the mean squared distance to it.
// (One pass over sum(x) and sum(x^2) would be shorter, but cancels badly when the mean is large.)
//
// Why it is slow: it walks down columns, c elements apart, and carries each sum in one register.
//
// x: [n, c], mean, variance: [c]. 4 * n * c FLOPs, 2 * n * c elements read.
#include "common/registry.h"
#include "norm/norm.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(BatchNormStatisticsArgs, "batch_norm_statistics", "naive", 0,
              "two passes down each column, carried in double", batch_norm_statistics_naive)
template <class T> void batch_norm_statistics_naive(const BatchNormStatisticsArgs<T>& g) {
  for (long j = 0; j < g.c; j++) {
    double sum = 0, squares = 0;
    for (long i = 0; i < g.n; i++) sum += g.x[i * g.c + j];
    const double mean = sum / double(g.n);
    for (long i = 0; i < g.n; i++) squares += (g.x[i * g.c + j] - mean) * (g.x[i * g.c + j] - mean);
    g.mean[j] = T(mean);
    g.variance[j] = T(squares / double(g.n));
  }
}

} // namespace
} // namespace stepgrad
