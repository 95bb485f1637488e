// Top rung of the softmax family on CUDA: maximum and sum in one pass, by the group that fits the row.
//
// What changes: a running pair (max, sum of exp(x - max)). When a larger logit comes, the sum is multiplied by
// exp(old max - new max). Pairs of parts combine in the same way, in any order, so lanes and warps join theirs as they
// would join sums. The logits are read twice instead of three times; the same trick makes attention fit into tiles
// (Milakov and Gimelshein, 2018). Rows up to 1024 elements belong to a warp, longer ones to a block.
// What limits it: memory, reading x twice and writing y; two exponentials an element until the maximum is found.
//
// All matrices [rows, n], labels of the sparse losses [rows], loss and dloss [rows]. 2 * rows * n elements read, rows * n
// written, or none.
#include "softmax/cuda_rows.h"

namespace stepgrad {
namespace {

template <class Row, class Args> void run_fitting(const Args& g) {
  if (g.n <= 1024)
    run<Row, OnePass, OneWarp>(g);
  else
    run<Row, OnePass, OneBlock>(g);
}

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "online", 30, "maximum and sum in one pass, a warp or a block a row",
              softmax_online)
template <class T> void softmax_online(const SoftmaxArgs<T>& g) { run_fitting<Softmax<false>>(g); }

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "online", 30,
              "maximum and sum in one pass, a warp or a block a row", log_softmax_online)
template <class T> void log_softmax_online(const SoftmaxArgs<T>& g) { run_fitting<Softmax<true>>(g); }

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "online", 30,
              "maximum and sum in one pass, a warp or a block a row", softmax_gradient_online)
template <class T> void softmax_gradient_online(const SoftmaxGradientArgs<T>& g) {
  run_fitting<SoftmaxGradient<false>>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "online", 30,
              "maximum and sum in one pass, a warp or a block a row", log_softmax_gradient_online)
template <class T> void log_softmax_gradient_online(const SoftmaxGradientArgs<T>& g) {
  run_fitting<SoftmaxGradient<true>>(g);
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "online", 30,
              "maximum and sum in one pass, a warp or a block a row", softmax_cross_entropy_online)
template <class T> void softmax_cross_entropy_online(const CrossEntropyArgs<T>& g) {
  run_fitting<CrossEntropy>(g);
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "online", 30,
              "maximum and sum in one pass, a warp or a block a row", softmax_cross_entropy_gradient_online)
template <class T> void softmax_cross_entropy_gradient_online(const CrossEntropyGradientArgs<T>& g) {
  run_fitting<CrossEntropyGradient>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "online", 30,
              "maximum and sum in one pass, a warp or a block a row", sparse_softmax_cross_entropy_online)
template <class T> void sparse_softmax_cross_entropy_online(const SparseCrossEntropyArgs<T>& g) {
  run_fitting<SparseCrossEntropy>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "online", 30,
              "maximum and sum in one pass, a warp or a block a row",
              sparse_softmax_cross_entropy_gradient_online)
template <class T>
void sparse_softmax_cross_entropy_gradient_online(const SparseCrossEntropyGradientArgs<T>& g) {
  run_fitting<SparseCrossEntropyGradient>(g);
}

} // namespace
} // namespace stepgrad
