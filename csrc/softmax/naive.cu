// Bottom rung of the softmax family on CUDA: a thread a row, the formulas in turn, each a pass over the row.
//
// What limits it: neighbouring threads read n elements apart, so each load of a warp touches 32 sectors to use one element
// of each; and with few rows there are few threads. For a network's ten classes it is good enough.
//
// All matrices [rows, n], labels of the sparse losses [rows], loss and dloss [rows]. 2 exponentials an element (one where
// nothing but the loss is written); 3 to 5 * rows * n elements moved.
#include "softmax/cuda_rows.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "naive", 0, "a thread a row", softmax_naive)
template <class T> void softmax_naive(const SoftmaxArgs<T>& g) {
  run<Softmax<false>, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "naive", 0, "a thread a row", log_softmax_naive)
template <class T> void log_softmax_naive(const SoftmaxArgs<T>& g) {
  run<Softmax<true>, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "naive", 0, "a thread a row", softmax_gradient_naive)
template <class T> void softmax_gradient_naive(const SoftmaxGradientArgs<T>& g) {
  run<SoftmaxGradient<false>, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "naive", 0, "a thread a row",
              log_softmax_gradient_naive)
template <class T> void log_softmax_gradient_naive(const SoftmaxGradientArgs<T>& g) {
  run<SoftmaxGradient<true>, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "naive", 0, "a thread a row",
              softmax_cross_entropy_naive)
template <class T> void softmax_cross_entropy_naive(const CrossEntropyArgs<T>& g) {
  run<CrossEntropy, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "naive", 0, "a thread a row",
              softmax_cross_entropy_gradient_naive)
template <class T> void softmax_cross_entropy_gradient_naive(const CrossEntropyGradientArgs<T>& g) {
  run<CrossEntropyGradient, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "naive", 0, "a thread a row",
              sparse_softmax_cross_entropy_naive)
template <class T> void sparse_softmax_cross_entropy_naive(const SparseCrossEntropyArgs<T>& g) {
  run<SparseCrossEntropy, TwoPasses, OneThread>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "naive", 0,
              "a thread a row", sparse_softmax_cross_entropy_gradient_naive)
template <class T>
void sparse_softmax_cross_entropy_gradient_naive(const SparseCrossEntropyGradientArgs<T>& g) {
  run<SparseCrossEntropyGradient, TwoPasses, OneThread>(g);
}

} // namespace
} // namespace stepgrad
