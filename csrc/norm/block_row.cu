// Top rung of layer and RMS normalization on CUDA: a block a row where it is long.
//
// What changes: 256 threads share a row of more than 1024 elements; warps combine by shuffles, their results through shared
// memory. Shorter rows stay with a warp, which needs no barrier.
// What limits it: memory.
//
// Shapes: norm.h. FLOPs and bytes as a rung below.
#include "norm/cuda_parts.h"

namespace stepgrad {
namespace {

template <class Row, class Args> void run_fitting(const Args& g) {
  if (g.n <= 1024)
    run_rows<Row, OneWarp>(g);
  else
    run_rows<Row, OneBlock>(g);
}

STEPGRAD_RUNG(LayerNormArgs, "layer_norm", "block_row", 20, "a warp a row, or a block where it is long",
              layer_norm_block_row)
template <class T> void layer_norm_block_row(const LayerNormArgs<T>& g) { run_fitting<LayerNormRow>(g); }

STEPGRAD_RUNG(LayerNormGradientArgs, "layer_norm_gradient", "block_row", 20,
              "a warp a row, or a block where it is long; columns in pieces", layer_norm_gradient_block_row)
template <class T> void layer_norm_gradient_block_row(const LayerNormGradientArgs<T>& g) {
  run_fitting<LayerNormGradientRow>(g);
  run_pieces<GradientSums<true>>(g);
}

STEPGRAD_RUNG(RmsNormArgs, "rms_norm", "block_row", 20, "a warp a row, or a block where it is long",
              rms_norm_block_row)
template <class T> void rms_norm_block_row(const RmsNormArgs<T>& g) { run_fitting<RmsNormRow>(g); }

STEPGRAD_RUNG(RmsNormGradientArgs, "rms_norm_gradient", "block_row", 20,
              "a warp a row, or a block where it is long; columns in pieces", rms_norm_gradient_block_row)
template <class T> void rms_norm_gradient_block_row(const RmsNormGradientArgs<T>& g) {
  run_fitting<RmsNormGradientRow>(g);
  run_pieces<RmsGradientSums>(g);
}

} // namespace
} // namespace stepgrad
