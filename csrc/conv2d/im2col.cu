// Second rung of convolution and its gradients on CUDA: write the matrix of all patches, then multiply.
//
// What changes: the index arithmetic of A is done once an element, by a kernel of its own; the product then reads a plain
// matrix through shared memory, 64 x 64 results a block, instead of two numbers a multiply-add.
// What limits it: the matrix is KH * KW times as large as the image. It is written to memory and read back, N / 64 times.
//
// A: [groups, M, K] for the M, K of cuda_views.h. Shapes and FLOPs: conv2d.h.
#include "conv2d/cuda_product.h"
#include "conv2d/cuda_views.h"

namespace stepgrad {
namespace {

template <class View, class T = typename View::Element>
__global__ void write_kernel(View v, T* A, long M, long groups) {
  const long K = v.K();
  for (long i = global_thread(); i < groups * M * K; i += grid_threads())
    A[i] = v.a(i / K % M, i % K, i / K / M);
}

// The view with A taken from the matrix that was written.
template <class View> struct Written : View {
  using T = typename View::Element;
  const T* A; // [groups, rows, K]
  long rows;
  __device__ T a(long m, long k, long group) const { return A[(group * rows + m) * this->K() + k]; }
};

template <class View> void run(const View& v) {
  using T = typename View::Element;
  const long size = v.g.groups * v.M() * v.K();
  Temporary<T> A(size ? size : 1);
  if (size) launch(write_kernel<View>, grid_for(size, THREADS), THREADS, 0, v, A.data(), v.M(), v.g.groups);
  run_product(Written<View>{v, A.data(), v.M()}, v.g.groups);
}

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "im2col", 10, "writes all patches as a matrix, then a tiled product",
              conv2d_im2col)
template <class T> void conv2d_im2col(const Conv2dArgs<T>& g) { run(ForwardView<T>{g}); }

STEPGRAD_RUNG(Conv2dBiasArgs, "conv2d_bias", "im2col", 10,
              "writes all patches as a matrix, then a tiled product", conv2d_bias_im2col)
template <class T> void conv2d_bias_im2col(const Conv2dBiasArgs<T>& g) {
  run(BiasView<T>{{g}, g.bias, g.relu});
}

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "im2col", 10,
              "writes all dy that saw a pixel as a matrix, then a tiled product",
              conv2d_input_gradient_im2col)
template <class T> void conv2d_input_gradient_im2col(const Conv2dInputGradientArgs<T>& g) {
  run(InputGradientView<T>{g});
}

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "im2col", 10,
              "writes all patches as a matrix, then a tiled product", conv2d_weight_gradient_im2col)
template <class T> void conv2d_weight_gradient_im2col(const Conv2dWeightGradientArgs<T>& g) {
  run(WeightGradientView<T>{g});
}

} // namespace
} // namespace stepgrad
