// Second rung of layer and RMS normalization on CUDA: a warp a row, and columns in pieces.
//
// What changes: 32 lanes read neighbouring elements and combine sums by shuffles; a row stays in L1 between its passes.
// The sums down the columns (dscale, doffset) are cut into pieces of 64 rows, a thread each, joined in order by a second
// launch: the same bits on every run, which atomicAdd would not give.
// What limits it: memory, while rows fit into L1; long rows are more than 32 lanes can keep on their way.
//
// Shapes: norm.h. Forward 4 to 8, backward 9 to 12 * rows * n FLOPs; x is read again, by the sums down the columns.
#include "norm/cuda_parts.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(LayerNormArgs, "layer_norm", "warp_row", 10, "a warp a row", layer_norm_warp_row)
template <class T> void layer_norm_warp_row(const LayerNormArgs<T>& g) { run_rows<LayerNormRow, OneWarp>(g); }

STEPGRAD_RUNG(LayerNormGradientArgs, "layer_norm_gradient", "warp_row", 10,
              "a warp a row; columns in pieces, joined in order", layer_norm_gradient_warp_row)
template <class T> void layer_norm_gradient_warp_row(const LayerNormGradientArgs<T>& g) {
  run_rows<LayerNormGradientRow, OneWarp>(g);
  run_pieces<GradientSums<true>>(g);
}

STEPGRAD_RUNG(RmsNormArgs, "rms_norm", "warp_row", 10, "a warp a row", rms_norm_warp_row)
template <class T> void rms_norm_warp_row(const RmsNormArgs<T>& g) { run_rows<RmsNormRow, OneWarp>(g); }

STEPGRAD_RUNG(RmsNormGradientArgs, "rms_norm_gradient", "warp_row", 10,
              "a warp a row; columns in pieces, joined in order", rms_norm_gradient_warp_row)
template <class T> void rms_norm_gradient_warp_row(const RmsNormGradientArgs<T>& g) {
  run_rows<RmsNormGradientRow, OneWarp>(g);
  run_pieces<RmsGradientSums>(g);
}

} // namespace
} // namespace stepgrad
