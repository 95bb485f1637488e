// Top rung of convolution and its gradients on CUDA: the tiled product, and the matrix of patches is never written.
//
// What changes: the product's loads ask the view, so a patch exists only as a tile in shared memory; what neighbouring
// patches share is read again from L1 or L2 instead of from memory KH * KW times. All three products work in this way,
// the weight gradient with its long axis cut into slices.
// What limits it: divisions for each element that is brought into shared memory, spread over 64 uses; 2 words from shared
// memory a 4 multiply-adds, on plain FP32 units.
//
// Shapes and FLOPs: conv2d.h, the products: cuda_views.h, the tile: cuda_product.h. Each element of A is loaded N / 64 times,
// each of B M / 64 times.
#include "conv2d/cuda_product.h"
#include "conv2d/cuda_views.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "implicit_gemm", 20,
              "a tiled product; patches exist only in shared memory", conv2d_implicit_gemm)
template <class T> void conv2d_implicit_gemm(const Conv2dArgs<T>& g) {
  run_product(ForwardView<T>{g}, g.groups);
}

STEPGRAD_RUNG(Conv2dBiasArgs, "conv2d_bias", "implicit_gemm", 20,
              "a tiled product; bias and ReLU while the sums are in registers", conv2d_bias_implicit_gemm)
template <class T> void conv2d_bias_implicit_gemm(const Conv2dBiasArgs<T>& g) {
  run_product(BiasView<T>{{g}, g.bias, g.relu}, g.groups);
}

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "implicit_gemm", 20,
              "a tiled product over the outputs that saw a pixel", conv2d_input_gradient_implicit_gemm)
template <class T> void conv2d_input_gradient_implicit_gemm(const Conv2dInputGradientArgs<T>& g) {
  run_product(InputGradientView<T>{g}, g.groups);
}

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "implicit_gemm", 20,
              "a tiled product over all pixels, cut into slices", conv2d_weight_gradient_implicit_gemm)
template <class T> void conv2d_weight_gradient_implicit_gemm(const Conv2dWeightGradientArgs<T>& g) {
  run_product(WeightGradientView<T>{g}, g.groups);
}

} // namespace
} // namespace stepgrad
