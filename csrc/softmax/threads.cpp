// Top rung of the softmax family: the simd rung with the rows shared among threads.
//
// What changes: nothing in a row. A row is never split, so its sum has one order: the same bits as simd, for any number of
// threads. Work of less than about 50 microseconds stays on one thread.
//
// All matrices [rows, n], loss and dloss [rows]. Costs as in simd.cpp.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "softmax/rungs.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr double EXP_NS = 2, GRADIENT_NS = 0.5; // an element, with and without an exponential

template <class Args, class Kernel> void share_rows(const Args& g, double ns_per_element, Kernel kernel) {
  parallel_for(g.rows, ns_per_element * double(g.n) + 10,
               [&](long begin, long end) { kernel(g.slice(begin, end)); });
}

STEPGRAD_RUNG(SoftmaxArgs, "softmax", "threads", 20, "the simd rung, rows shared among threads",
              softmax_threads)
template <class T> void softmax_threads(const SoftmaxArgs<T>& g) { share_rows(g, EXP_NS, softmax_simd<T>); }

STEPGRAD_RUNG(SoftmaxArgs, "log_softmax", "threads", 20, "the simd rung, rows shared among threads",
              log_softmax_threads)
template <class T> void log_softmax_threads(const SoftmaxArgs<T>& g) {
  share_rows(g, EXP_NS, log_softmax_simd<T>);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "softmax_gradient", "threads", 20,
              "the simd rung, rows shared among threads", softmax_gradient_threads)
template <class T> void softmax_gradient_threads(const SoftmaxGradientArgs<T>& g) {
  share_rows(g, GRADIENT_NS, softmax_gradient_simd<T>);
}

STEPGRAD_RUNG(SoftmaxGradientArgs, "log_softmax_gradient", "threads", 20,
              "the simd rung, rows shared among threads", log_softmax_gradient_threads)
template <class T> void log_softmax_gradient_threads(const SoftmaxGradientArgs<T>& g) {
  share_rows(g, EXP_NS, log_softmax_gradient_simd<T>);
}

STEPGRAD_RUNG(CrossEntropyArgs, "softmax_cross_entropy", "threads", 20,
              "the simd rung, rows shared among threads", cross_entropy_threads)
template <class T> void cross_entropy_threads(const CrossEntropyArgs<T>& g) {
  share_rows(g, EXP_NS, cross_entropy_simd<T>);
}

STEPGRAD_RUNG(CrossEntropyGradientArgs, "softmax_cross_entropy_gradient", "threads", 20,
              "the simd rung, rows shared among threads", cross_entropy_gradient_threads)
template <class T> void cross_entropy_gradient_threads(const CrossEntropyGradientArgs<T>& g) {
  share_rows(g, EXP_NS, cross_entropy_gradient_simd<T>);
}

STEPGRAD_RUNG(SparseCrossEntropyArgs, "sparse_softmax_cross_entropy", "threads", 20,
              "the simd rung, rows shared among threads", sparse_cross_entropy_threads)
template <class T> void sparse_cross_entropy_threads(const SparseCrossEntropyArgs<T>& g) {
  share_rows(g, EXP_NS, sparse_cross_entropy_simd<T>);
}

STEPGRAD_RUNG(SparseCrossEntropyGradientArgs, "sparse_softmax_cross_entropy_gradient", "threads", 20,
              "the simd rung, rows shared among threads", sparse_cross_entropy_gradient_threads)
template <class T> void sparse_cross_entropy_gradient_threads(const SparseCrossEntropyGradientArgs<T>& g) {
  share_rows(g, EXP_NS, sparse_cross_entropy_gradient_simd<T>);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
