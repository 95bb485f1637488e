// Second rung of the softmax family on CUDA: a warp a row.
//
// What changes: the 32 lanes read neighbouring elements, coalesced, and find maximum and sums by shuffles, without a
// barrier. A row of up to some hundred elements stays in L1 between its passes.
// What limits it: a long row has only 32 threads, with little on its way from memory; lanes beyond n idle in a short one.
//
// All matrices [rows, n], labels of the sparse losses [rows], loss and dloss [rows]. 2 exponentials an element as a rung
// below; 3 to 5 * rows * n elements moved.
#include "softmax/cuda_rows.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "warp_row", 10, "a warp a row, combined by shuffles", softmax_warp_row)
template <class T> void softmax_warp_row(const SoftmaxArgs<T>& g) {
  run<Softmax<false>, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "warp_row", 10, "a warp a row, combined by shuffles",
              log_softmax_warp_row)
template <class T> void log_softmax_warp_row(const SoftmaxArgs<T>& g) {
  run<Softmax<true>, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "warp_row", 10, "a warp a row, combined by shuffles",
              softmax_gradient_warp_row)
template <class T> void softmax_gradient_warp_row(const SoftmaxGradientArgs<T>& g) {
  run<SoftmaxGradient<false>, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "warp_row", 10,
              "a warp a row, combined by shuffles", log_softmax_gradient_warp_row)
template <class T> void log_softmax_gradient_warp_row(const SoftmaxGradientArgs<T>& g) {
  run<SoftmaxGradient<true>, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "warp_row", 10, "a warp a row, combined by shuffles",
              softmax_cross_entropy_warp_row)
template <class T> void softmax_cross_entropy_warp_row(const CrossEntropyArgs<T>& g) {
  run<CrossEntropy, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "warp_row", 10,
              "a warp a row, combined by shuffles", softmax_cross_entropy_gradient_warp_row)
template <class T> void softmax_cross_entropy_gradient_warp_row(const CrossEntropyGradientArgs<T>& g) {
  run<CrossEntropyGradient, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "warp_row", 10,
              "a warp a row, combined by shuffles", sparse_softmax_cross_entropy_warp_row)
template <class T> void sparse_softmax_cross_entropy_warp_row(const SparseCrossEntropyArgs<T>& g) {
  run<SparseCrossEntropy, TwoPasses, OneWarp>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "warp_row", 10,
              "a warp a row, combined by shuffles", sparse_softmax_cross_entropy_gradient_warp_row)
template <class T>
void sparse_softmax_cross_entropy_gradient_warp_row(const SparseCrossEntropyGradientArgs<T>& g) {
  run<SparseCrossEntropyGradient, TwoPasses, OneWarp>(g);
}

} // namespace
} // namespace stepgrad
