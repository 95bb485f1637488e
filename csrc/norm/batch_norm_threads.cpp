// Top rung of batch normalization in training: the simd rung with the blocks of rows shared among threads.
//
// What changes: nothing in a block. The blocks depend on the size alone and are combined in their order: the same bits as
// simd, for any number of threads.
//
// x, y, dy, dx: [rows, n], all others [n]. Costs as in batch_norm_simd.cpp.
#include "common/registry.h"
#include "norm/batch_norm_columns.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(BatchNormStatisticsArgs, "batch_norm_statistics", "threads", 20,
              "the simd rung, blocks of rows shared among threads", batch_norm_statistics_threads)
template <class T> void batch_norm_statistics_threads(const BatchNormStatisticsArgs<T>& g) {
  column_statistics(g, InParallel());
}

STEPGRAD_RUNG(BatchNormArgs, "batch_norm", "threads", 20,
              "the simd rung, blocks of rows shared among threads", batch_norm_threads)
template <class T> void batch_norm_threads(const BatchNormArgs<T>& g) { batch_norm_columns(g, InParallel()); }

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "threads", 20,
              "the simd rung, blocks of rows shared among threads", batch_norm_gradient_threads)
template <class T> void batch_norm_gradient_threads(const BatchNormGradientArgs<T>& g) {
  batch_norm_gradient_columns(g, InParallel());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
