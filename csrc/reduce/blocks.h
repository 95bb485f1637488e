// The loops of the simd rungs: blocks of a fixed size, and a tree over the blocks. dense_gradient sums its rows with them, too.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "reduce/reduce.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

struct Sum {
  template <class T> static constexpr T start = 0;
  template <class X> STEPGRAD_INLINE X operator()(X a, X b) const { return a + b; }
};

constexpr long REDUCE_BLOCK = 4096, ROWS = 64; // elements of a contiguous block; most rows of a strip
constexpr int LANES = 4;                       // vector accumulators at work at the same time

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

// before(first, count) is told of the elements x[first] .. that are about to be read: they may still be written then.
template <class Op, class T, class Before> void reduce(const ReduceArgs<T>& g, Op op, Before before) {
  const long block = g.inner == 1 ? REDUCE_BLOCK : ROWS, blocks = std::max(1L, (g.n + block - 1) / block);
  T* partial = blocks == 1
                   ? g.out
                   : scratch<T>(Scratch::PARTIAL, g.outer * blocks * g.inner); // [outer, blocks, inner]
  const double ns = 0.15 * double(std::min(block, g.n)) * double(g.inner) + 5;
  parallel_for(g.outer * blocks, ns, [&](long begin, long end) {
    for (long item = begin; item < end; item++) {
      const long o = item / blocks, k0 = item % blocks * block, n = std::min(block, g.n - k0);
      const long first = (o * g.n + k0) * g.inner;
      const T* x = g.x + first;
      before(first, n * g.inner);
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
template <class Op, class T> void reduce(const ReduceArgs<T>& g, Op op) {
  reduce(g, op, [](long, long) {});
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
