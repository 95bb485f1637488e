// Top rung of the reductions: vectors, blocks of a fixed size, and a tree over the blocks; threaded.
//
// What changes: a block of about 4096 elements is reduced with several vector accumulators, so that additions no longer
// wait for each other, and the results of the blocks are combined two by two. The error of a float sum then grows with
// the depth of the tree instead of with n. The blocks depend on the shape alone: the same bits for any number of
// threads. For inner > 1 the vectors lie across the columns, which are contiguous, and each block is a strip of rows.
//
// x: [outer, n, inner], out: [outer, inner]. outer * n * inner operations and elements read, once.
#include "common/registry.h"
#include "reduce/blocks.h"
#include <limits>

namespace stepgrad {
namespace STEPGRAD_ISA {

struct Prod {
  template <class T> static constexpr T start = 1;
  template <class X> STEPGRAD_INLINE X operator()(X a, X b) const { return a * b; }
};
struct Max { // NaN wins
  template <class T> static constexpr T start = -std::numeric_limits<T>::infinity();
  template <class X> STEPGRAD_INLINE X operator()(X a, X b) const { return vmax(a, b); }
};
struct Min {
  template <class T> static constexpr T start = std::numeric_limits<T>::infinity();
  template <class X> STEPGRAD_INLINE X operator()(X a, X b) const { return vmin(a, b); }
};

STEPGRAD_RUNG(ReduceArgs, "sum", "simd", 10,
              "vector accumulators on fixed blocks, a tree over the blocks; threaded", sum_simd)
template <class T> void sum_simd(const ReduceArgs<T>& g) { reduce(g, Sum()); }

STEPGRAD_RUNG(ReduceArgs, "mean", "simd", 10, "the sum, then one division", mean_simd)
template <class T> void mean_simd(const ReduceArgs<T>& g) {
  reduce(g, Sum());
  for (long i = 0; i < g.outer * g.inner; i++) g.out[i] /= T(g.n);
}

STEPGRAD_RUNG(ReduceArgs, "prod", "simd", 10,
              "vector accumulators on fixed blocks, a tree over the blocks; threaded", prod_simd)
template <class T> void prod_simd(const ReduceArgs<T>& g) { reduce(g, Prod()); }

STEPGRAD_RUNG(ReduceArgs, "max", "simd", 10,
              "vector accumulators on fixed blocks, a tree over the blocks; threaded", max_simd)
template <class T> void max_simd(const ReduceArgs<T>& g) { reduce(g, Max()); }

STEPGRAD_RUNG(ReduceArgs, "min", "simd", 10,
              "vector accumulators on fixed blocks, a tree over the blocks; threaded", min_simd)
template <class T> void min_simd(const ReduceArgs<T>& g) { reduce(g, Min()); }

} // namespace STEPGRAD_ISA
} // namespace stepgrad
