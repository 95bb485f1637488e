// Top rung of the reductions: vectors, blocks of a fixed size, and a tree over the blocks; threaded.
//
// What changes: a block of about 4096 elements is reduced with several vector accumulators, so that additions no longer
// wait for each other, and the results of the blocks are combined two by two. The error of a float sum then grows with
// the depth of the tree instead of with n. The blocks depend on the shape alone: the same bits for any number of
// threads. For inner > 1 the vectors lie across the columns, which are contiguous, and each block is a strip of rows.
//
// x: [outer, n, inner], out: [outer, inner]. outer * n * inner operations and elements read, once.
#include "common/registry.h"
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "reduce/reduce.h"
#include <algorithm>
#include <limits>

namespace stepgrad {
namespace STEPGRAD_ISA {

struct Sum {
  template <class T> static constexpr T start = 0;
  template <class X> STEPGRAD_INLINE X operator()(X a, X b) const { return a + b; }
};
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

constexpr long BLOCK = 4096, ROWS = 64; // elements of a contiguous block; most rows of a strip
constexpr int LANES = 4;                // vector accumulators at work at the same time

// One block of contiguous elements x: [n] -> one number.
template <class Op, class T> T reduce_contiguous(const T* x, long n, Op op) {
  vec<T> acc[LANES];
  for (auto& a : acc) a = splat(Op::template start<T>);
  long i = 0;
  for (; i + LANES * VL<T> <= n; i += LANES * VL<T>) {
    STEPGRAD_UNROLL for (int v = 0; v < LANES; v++) acc[v] = op(acc[v], load(x + i + v * VL<T>));
  }
  for (; i + VL<T> <= n; i += VL<T>) acc[0] = op(acc[0], load(x + i));
  if (i < n) acc[1] = op(acc[1], load_part(x + i, n - i, Op::template start<T>));
  return fold_lanes<T>(op(op(acc[0], acc[1]), op(acc[2], acc[3])), op);
}

// One strip of rows x: [n, inner] -> out: [inner].
template <class Op, class T> void reduce_columns(const T* x, long n, long inner, T* out, Op op) {
  long j = 0;
  for (; j + LANES * VL<T> <= inner; j += LANES * VL<T>) {
    vec<T> acc[LANES];
    for (auto& a : acc) a = splat(Op::template start<T>);
    for (long k = 0; k < n; k++) {
      STEPGRAD_UNROLL for (int v = 0; v < LANES; v++) acc[v] =
          op(acc[v], load(x + k * inner + j + v * VL<T>));
    }
    STEPGRAD_UNROLL for (int v = 0; v < LANES; v++) store(out + j + v * VL<T>, acc[v]);
  }
  for (; j < inner; j += VL<T>) {
    const long part = std::min(VL<T>, inner - j);
    vec<T> acc = splat(Op::template start<T>);
    if (part == VL<T>)
      for (long k = 0; k < n; k++) acc = op(acc, load(x + k * inner + j));
    else
      for (long k = 0; k < n; k++) acc = op(acc, load_part(x + k * inner + j, part, T(0)));
    store_part(out + j, acc, part);
  }
}

template <class Op, class T> void reduce(const ReduceArgs<T>& g, Op op) {
  const long block = g.inner == 1 ? BLOCK : ROWS, blocks = std::max(1L, (g.n + block - 1) / block);
  T* partial = blocks == 1
                   ? g.out
                   : scratch<T>(Scratch::PARTIAL, g.outer * blocks * g.inner); // [outer, blocks, inner]
  const double ns = 0.15 * double(std::min(block, g.n)) * double(g.inner) + 5;
  parallel_for(g.outer * blocks, ns, [&](long begin, long end) {
    for (long item = begin; item < end; item++) {
      const long o = item / blocks, k0 = item % blocks * block, n = std::min(block, g.n - k0);
      const T* x = g.x + (o * g.n + k0) * g.inner;
      if (g.inner == 1)
        partial[item] = reduce_contiguous(x, n, op);
      else
        reduce_columns(x, n, g.inner, partial + item * g.inner, op);
    }
  });
  if (blocks == 1) return;
  parallel_for(g.outer, 0.5 * double(blocks * g.inner), [&](long begin, long end) {
    for (long o = begin; o < end; o++) {
      T* tree = partial + o * blocks * g.inner; // [blocks, inner]: fold the upper half onto the lower one
      for (long left = blocks; left > 1; left = (left + 1) / 2) {
        const long half = (left + 1) / 2;
        for (long i = 0; i < (left - half) * g.inner; i++) tree[i] = op(tree[i], tree[half * g.inner + i]);
      }
      std::copy(tree, tree + g.inner, g.out + o * g.inner);
    }
  });
}

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
