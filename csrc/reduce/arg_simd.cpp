// Top rung of argmax and argmin: a vector of candidates, and the row each was found in; threaded.
//
// What changes: each lane remembers its best value and where that was, without a branch. The axis is cut into blocks of a
// fixed size that threads share; the winners of the blocks meet in the order of the blocks, and the earlier one keeps a tie.
// For inner > 1 the lanes are neighbouring columns; for inner = 1 the lanes share a row, which counts as VL columns.
//
// x: [outer, n, inner], out: [outer, inner]. outer * n * inner comparisons and elements read, once.
#include "common/registry.h"
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "reduce/reduce.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

struct Greater {
  template <class X> STEPGRAD_INLINE auto operator()(X a, X b) const { return a > b; }
};
struct Less {
  template <class X> STEPGRAD_INLINE auto operator()(X a, X b) const { return a < b; }
};

// A NaN beats everything but an earlier NaN; also for one number.
template <class X, class Better> STEPGRAD_INLINE auto beats(X now, X best, Better better) {
  return better(now, best) | ((now != now) & (best == best));
}

// The best of each of `count` columns, and its row; x: [n, stride], n >= 1.
template <class T, class Better>
STEPGRAD_INLINE void best_rows(const T* x, long n, long stride, long count, vec<T>* value, vec_mask<T>* row,
                               Better better) {
  vec<T> best = load_n(x, count);
  vec_mask<T> at{};
  for (long k = 1; k < n; k++) {
    const vec<T> now = load_n(x + k * stride, count);
    const vec_mask<T> won = beats(now, best, better);
    best = won ? now : best;
    at = won ? vec_mask<T>{} + typename VecOf<T>::integer(k) : at;
  }
  *value = best;
  *row = at;
}

// x: [n] -> where its best is.
template <class T, class Better> long best_of(const T* x, long n, Better better) {
  const long rows = n / VL<T>;
  long best = 0;
  if (rows > 0) {
    vec<T> value;
    vec_mask<T> row;
    best_rows(x, rows, VL<T>, VL<T>, &value, &row, better);
    best = long(row[0]) * VL<T>;
    for (long lane = 1; lane < VL<T>; lane++) {
      const long at = long(row[lane]) * VL<T> + lane;
      const bool tie = !beats(x[best], x[at], better);
      if (beats(x[at], x[best], better) || (tie && at < best)) best = at;
    }
  }
  for (long k = rows * VL<T>; k < n; k++)
    if (beats(x[k], x[best], better)) best = k;
  return best;
}

// x: [n, inner] -> first + the row of each column's best.
template <class T, class Better>
void best_of_columns(const T* x, long n, long inner, long first, int64_t* out, Better better) {
  for (long j = 0; j < inner; j += VL<T>) {
    const long count = std::min(VL<T>, inner - j);
    vec<T> value;
    vec_mask<T> row;
    if (count == VL<T>)
      best_rows(x + j, n, inner, VL<T>, &value, &row, better);
    else
      best_rows(x + j, n, inner, count, &value, &row, better);
    for (long lane = 0; lane < count; lane++) out[j + lane] = first + row[lane];
  }
}

constexpr long BLOCK = 4096, ROWS = 256; // elements of a contiguous block; rows of a strip

template <class T, class Better> void arg_reduce(const ArgReduceArgs<T>& g, Better better) {
  if (g.n == 0) { // nothing is best: 0, as in the rung below
    std::fill_n(g.out, g.outer * g.inner, 0);
    return;
  }
  const long block = g.inner == 1 ? BLOCK : ROWS, blocks = (g.n + block - 1) / block;
  int64_t* winner = // [outer, blocks, inner]
      blocks == 1 ? g.out : scratch<int64_t>(Scratch::PARTIAL, g.outer * blocks * g.inner);
  parallel_for(g.outer * blocks, 0.4 * double(std::min(block, g.n) * g.inner) + 10,
               [&](long begin, long end) {
                 for (long item = begin; item < end; item++) {
                   const long o = item / blocks, k0 = item % blocks * block, n = std::min(block, g.n - k0);
                   const T* x = g.x + (o * g.n + k0) * g.inner;
                   if (g.inner == 1)
                     winner[item] = k0 + best_of(x, n, better);
                   else
                     best_of_columns(x, n, g.inner, k0, winner + item * g.inner, better);
                 }
               });
  if (blocks == 1) return;
  for (long o = 0; o < g.outer; o++)
    for (long i = 0; i < g.inner; i++) {
      const T* x = g.x + o * g.n * g.inner + i;
      long best = 0;
      for (long b = 0; b < blocks; b++) {
        const long at = winner[(o * blocks + b) * g.inner + i];
        if (b == 0 || beats(x[at * g.inner], x[best * g.inner], better)) best = at;
      }
      g.out[o * g.inner + i] = best;
    }
}

STEPGRAD_RUNG(ArgReduceArgs, "argmax", "simd", 10,
              "a vector of candidates that remember their rows; blocks threaded", argmax_simd)
template <class T> void argmax_simd(const ArgReduceArgs<T>& g) { arg_reduce(g, Greater()); }

STEPGRAD_RUNG(ArgReduceArgs, "argmin", "simd", 10,
              "a vector of candidates that remember their rows; blocks threaded", argmin_simd)
template <class T> void argmin_simd(const ArgReduceArgs<T>& g) { arg_reduce(g, Less()); }

} // namespace STEPGRAD_ISA
} // namespace stepgrad
