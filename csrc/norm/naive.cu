// Bottom rung of layer, RMS and batch normalization on CUDA: a thread a row, a thread a column.
//
// What limits it: along rows neighbouring threads read n elements apart, 32 sectors a load. Down columns they read
// neighbours, coalesced, but there are only n threads (batch norm of 32 channels: a single warp), each adding for long.
//
// x, y, dy, dx: [rows, n]; statistics [rows] of layer and RMS norm, [n] of batch norm; scale, offset and their gradients
// [n]. Forward 4 to 8, backward 9 to 12 * rows * n FLOPs; 3 to 5 * rows * n elements moved.
#include "norm/cuda_parts.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(LayerNormArgs, "layer_norm", "naive", 0, "a thread a row", layer_norm_naive)
template <class T> void layer_norm_naive(const LayerNormArgs<T>& g) { run_rows<LayerNormRow, OneThread>(g); }

STEPGRAD_RUNG(LayerNormGradientArgs, "layer_norm_gradient", "naive", 0, "a thread a row; a thread a column",
              layer_norm_gradient_naive)
template <class T> void layer_norm_gradient_naive(const LayerNormGradientArgs<T>& g) {
  run_rows<LayerNormGradientRow, OneThread>(g);
  run_columns<GradientSums<true>>(g);
}

STEPGRAD_RUNG(RmsNormArgs, "rms_norm", "naive", 0, "a thread a row", rms_norm_naive)
template <class T> void rms_norm_naive(const RmsNormArgs<T>& g) { run_rows<RmsNormRow, OneThread>(g); }

STEPGRAD_RUNG(RmsNormGradientArgs, "rms_norm_gradient", "naive", 0, "a thread a row; a thread a column",
              rms_norm_gradient_naive)
template <class T> void rms_norm_gradient_naive(const RmsNormGradientArgs<T>& g) {
  run_rows<RmsNormGradientRow, OneThread>(g);
  run_columns<RmsGradientSums>(g);
}

STEPGRAD_RUNG(BatchNormStatisticsArgs, "batch_norm_statistics", "naive", 0, "a thread a column",
              batch_norm_statistics_naive)
template <class T> void batch_norm_statistics_naive(const BatchNormStatisticsArgs<T>& g) {
  run_columns<Statistics>(statistics_only(g));
}

STEPGRAD_RUNG(BatchNormArgs, "batch_norm", "naive", 0, "a thread a column", batch_norm_naive)
template <class T> void batch_norm_naive(const BatchNormArgs<T>& g) {
  run_columns<Statistics>(g);
  run_elements(batch_norm_kernel<T>, g);
}

STEPGRAD_RUNG(BatchNormGradientArgs, "batch_norm_gradient", "naive", 0, "a thread a column",
              batch_norm_gradient_naive)
template <class T> void batch_norm_gradient_naive(const BatchNormGradientArgs<T>& g) {
  run_columns<GradientSums<false>>(g);
  run_elements(batch_norm_gradient_kernel<T>, g);
}

} // namespace
} // namespace stepgrad
