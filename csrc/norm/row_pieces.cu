// Top rung of batch normalization on CUDA: columns in pieces.
//
// What changes: a column is cut into pieces of 64 rows with a thread each, so that few channels still fill the GPU.
// Neighbouring threads have neighbouring columns: coalesced. A piece keeps mean and squared distances (sum(x^2) alone would
// cancel), and a warp joins the pieces of a column by the rule of Chan, Golub and LeVeque (1979), always in the same order.
// What limits it: memory: x is read twice by the statistics (the second time from L2), once more to normalize it.
//
// x, y, dy, dx: [rows, n], all others [n]; between the launches [rows / 64, n] partial results. Forward 8, backward 10 * rows
// * n FLOPs; 4 and 5 * rows * n elements moved.
#include "norm/cuda_parts.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(BatchNormStatisticsArgs, "batch_norm_statistics", "row_pieces", 10,
              "columns in pieces, joined in order", batch_norm_statistics_row_pieces)
template <class T> void batch_norm_statistics_row_pieces(const BatchNormStatisticsArgs<T>& g) {
  run_pieces<Statistics>(statistics_only(g));
}

STEPGRAD_RUNG(BatchNormArgs, "batch_norm", "row_pieces", 10, "columns in pieces, joined in order",
              batch_norm_row_pieces)
template <class T> void batch_norm_row_pieces(const BatchNormArgs<T>& g) {
  run_pieces<Statistics>(g);
  run_elements(batch_norm_kernel<T>, g);
}

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "row_pieces", 10,
              "columns in pieces, joined in order", batch_norm_gradient_row_pieces)
template <class T> void batch_norm_gradient_row_pieces(const BatchNormGradientArgs<T>& g) {
  run_pieces<GradientSums<false>>(g);
  run_elements(batch_norm_gradient_kernel<T>, g);
}

} // namespace
} // namespace stepgrad
