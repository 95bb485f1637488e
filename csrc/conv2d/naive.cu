// Bottom rung of convolution and its gradients on CUDA: direct, a thread an element of the result.
//
// Each result is a dot product along the axis of the view (cuda_views.h); the thread walks it and keeps the sum in a
// register. Backward nothing is scattered: dx and dw gather their terms, so no atomics and the same bits on every run.
// What limits it: two loads a multiply-add, and divisions that find each tap. Neighbouring threads share the patch (forward)
// and read neighbouring filters; L1 and L2 carry what should be kept in registers. dw has few elements but long sums: few
// threads, each busy for long.
//
// Shapes and FLOPs: conv2d.h. Two elements read a multiply-add, mostly from cache.
#include "conv2d/cuda_views.h"

namespace stepgrad {
namespace {

template <class View> __global__ void direct_kernel(View v, long M, long N, long groups) {
  for (long i = global_thread(); i < M * N * groups; i += grid_threads()) {
    const long n = i % N, group = i / N % groups, m = i / N / groups; // the order of the result in memory
    typename View::Element sum = 0;
    for (long k = 0; k < v.K(); k++) sum += v.a(m, k, group) * v.b(k, n, group);
    v.c(m, n, group) = v.finish(sum, n, group);
  }
}

template <class View> void run(const View& v) {
  const long size = v.M() * v.N() * v.g.groups;
  if (size) launch(direct_kernel<View>, grid_for(size, THREADS), THREADS, 0, v, v.M(), v.N(), v.g.groups);
}

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "naive", 0, "direct: a thread an output", conv2d_naive)
template <class T> void conv2d_naive(const Conv2dArgs<T>& g) { run(ForwardView<T>{g}); }

STEPGRAD_RUNG(Conv2dBiasArgs, "conv2d_bias", "naive", 0, "direct: a thread an output", conv2d_bias_naive)
template <class T> void conv2d_bias_naive(const Conv2dBiasArgs<T>& g) {
  run(BiasView<T>{{g}, g.bias, g.relu});
}

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "naive", 0,
              "direct: a thread a pixel and channel gathers its terms", conv2d_input_gradient_naive)
template <class T> void conv2d_input_gradient_naive(const Conv2dInputGradientArgs<T>& g) {
  run(InputGradientView<T>{g});
}

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "naive", 0,
              "direct: a thread a weight gathers its terms", conv2d_weight_gradient_naive)
template <class T> void conv2d_weight_gradient_naive(const Conv2dWeightGradientArgs<T>& g) {
  run(WeightGradientView<T>{g});
}

} // namespace
} // namespace stepgrad
