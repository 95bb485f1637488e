// Top rung of the batch statistics: vectors across the columns, blocks of rows shared among threads.
//
// What changes: neighbouring columns are neighbours in memory, so a vector holds the sums of 4, 8 or 16 of them. Each
// block of 256 rows gives its mean and its sum of squared distances to it while it is in cache; two blocks are combined
// by Chan, Golub and LeVeque's formula (1979), in the order of the blocks: the same bits for any number of threads.
//
// x: [n, c], mean, variance: [c]. 4 * n * c FLOPs; x is read from memory once.
#include "common/registry.h"
#include "norm/statistics.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(BatchNormStatisticsArgs, "batch_norm_statistics", "simd", 10,
              "vectors across columns, blocks of rows combined in order; threaded",
              batch_norm_statistics_simd)
template <class T> void batch_norm_statistics_simd(const BatchNormStatisticsArgs<T>& g) {
  column_statistics(g);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
