// Third rung of batch normalization in training: vectors across the columns.
//
// What changes: neighbouring columns are neighbours in memory, so a vector holds the sums of 4, 8 or 16 of them, and backward
// four rows are added to a sum each time it is loaded. The sums of a block of rows are kept apart from those of the next:
// none gets so long that it loses digits. Where columns are fewer than lanes several rows are taken for one (narrow.h).
// The code is in statistics.h and batch_norm_columns.h. (Formulas: batch_norm_fused.cpp.)
//
// x, y, dy, dx: [rows, n], all others [n]. Forward 7, backward 9 * rows * n FLOPs; 3 and 5 * rows * n elements moved.
#include "common/registry.h"
#include "norm/batch_norm_columns.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(BatchNormStatisticsArgs, "batch_norm_statistics", "simd", 10,
              "vectors across columns, blocks of rows combined in order", batch_norm_statistics_simd)
template <class T> void batch_norm_statistics_simd(const BatchNormStatisticsArgs<T>& g) {
  column_statistics(g, Serially());
}

STEPGRAD_RUNG(BatchNormArgs, "batch_norm", "simd", 10,
              "vectors across columns, blocks of rows combined in order", batch_norm_simd)
template <class T> void batch_norm_simd(const BatchNormArgs<T>& g) { batch_norm_columns(g, Serially()); }

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "simd", 10,
              "vectors across columns, four rows together, blocks of rows added in order",
              batch_norm_gradient_simd)
template <class T> void batch_norm_gradient_simd(const BatchNormGradientArgs<T>& g) {
  batch_norm_gradient_columns(g, Serially());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
