// Top rung of the cross-entropy of probabilities: vectors along the row, rows shared among threads.
//
// What changes: the sum has a vector of accumulators. A row is never split: the same bits for any number of threads.
//
// y, dy: [rows, n], labels, loss, dloss: [rows]. rows * n additions; rows * n elements read, for the gradient written, too.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "softmax/softmax.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr double ELEMENT_NS = 0.2, ROW_NS = 15;

template <class T> T row_sum(const T* x, long n) {
  vec<T> sum{};
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>) sum += load(x + j);
  if (j < n) sum += load_part(x + j, n - j, T(0));
  return fold_lanes<T>(sum, [](auto a, auto b) { return a + b; });
}

// What forward and backward know of row i; p is NaN where the label is no class.
template <class T> struct Row {
  T sum, p;
  bool inside;
  template <class Args> Row(const Args& g, long i) {
    const T* y = g.y + i * g.n;
    inside = g.labels[i] >= 0 && g.labels[i] < g.n;
    sum = row_sum(y, g.n);
    p = inside ? y[g.labels[i]] / sum : std::numeric_limits<T>::quiet_NaN();
  }
};

STEPGRAD_RUNG(SparseProbabilityArgs, "sparse_probability_cross_entropy", "threads", 20,
              "vector sums, rows shared among threads", probability_threads)
template <class T> void probability_threads(const SparseProbabilityArgs<T>& g) {
  parallel_for(g.rows, ELEMENT_NS * double(g.n) + ROW_NS, [&](long begin, long end) {
    for (long i = begin; i < end; i++) {
      const T p = Row<T>(g, i).p;
      g.loss[i] = -std::log(p < g.low ? g.low : p > g.high ? g.high : p);
    }
  });
}

STEPGRAD_RUNG(SparseProbabilityGradientArgs, "sparse_probability_cross_entropy_gradient", "threads", 20,
              "vector sums, rows shared among threads", probability_gradient_threads)
template <class T> void probability_gradient_threads(const SparseProbabilityGradientArgs<T>& g) {
  parallel_for(g.rows, ELEMENT_NS * double(g.n) + ROW_NS, [&](long begin, long end) {
    for (long i = begin; i < end; i++) {
      const Row<T> row(g, i);
      const bool clipped = row.p < g.low || row.p > g.high; // then there is no gradient, also where p is 0
      T* dy = g.dy + i * g.n;
      std::fill_n(dy, g.n, clipped ? 0 : row.inside ? g.dloss[i] / row.sum : row.p);
      if (row.inside && !clipped) dy[g.labels[i]] -= g.dloss[i] / g.y[i * g.n + g.labels[i]];
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
