// Third rung of the softmax family on CUDA: a block a row.
//
// What changes: 256 threads share a row, for rows of thousands of elements (a vocabulary): warps combine by shuffles, the
// warps' results through shared memory. Two barriers a sum.
// What limits it: short rows leave most of the block idle, and it waits at barriers; logits are read twice before the
// first result can be written.
//
// All matrices [rows, n], labels of the sparse losses [rows], loss and dloss [rows]. Shared: a value a warp.
// Exponentials and elements moved as a rung below.
#include "softmax/cuda_rows.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "block_row", 20, "a block a row: long rows", softmax_block_row)
template <class T> void softmax_block_row(const SoftmaxArgs<T>& g) {
  run<Softmax<false>, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "block_row", 20, "a block a row: long rows", log_softmax_block_row)
template <class T> void log_softmax_block_row(const SoftmaxArgs<T>& g) {
  run<Softmax<true>, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "block_row", 20, "a block a row: long rows",
              softmax_gradient_block_row)
template <class T> void softmax_gradient_block_row(const SoftmaxGradientArgs<T>& g) {
  run<SoftmaxGradient<false>, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "block_row", 20, "a block a row: long rows",
              log_softmax_gradient_block_row)
template <class T> void log_softmax_gradient_block_row(const SoftmaxGradientArgs<T>& g) {
  run<SoftmaxGradient<true>, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "block_row", 20, "a block a row: long rows",
              softmax_cross_entropy_block_row)
template <class T> void softmax_cross_entropy_block_row(const CrossEntropyArgs<T>& g) {
  run<CrossEntropy, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "block_row", 20,
              "a block a row: long rows", softmax_cross_entropy_gradient_block_row)
template <class T> void softmax_cross_entropy_gradient_block_row(const CrossEntropyGradientArgs<T>& g) {
  run<CrossEntropyGradient, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "block_row", 20,
              "a block a row: long rows", sparse_softmax_cross_entropy_block_row)
template <class T> void sparse_softmax_cross_entropy_block_row(const SparseCrossEntropyArgs<T>& g) {
  run<SparseCrossEntropy, TwoPasses, OneBlock>(g);
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "block_row", 20,
              "a block a row: long rows", sparse_softmax_cross_entropy_gradient_block_row)
template <class T>
void sparse_softmax_cross_entropy_gradient_block_row(const SparseCrossEntropyGradientArgs<T>& g) {
  run<SparseCrossEntropyGradient, TwoPasses, OneBlock>(g);
}

} // namespace
} // namespace stepgrad
