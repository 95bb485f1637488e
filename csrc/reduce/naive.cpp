// Bottom rung of the reductions: a plain loop down the reduced axis for each output.
//
// A double carries the running sum, product or mean: a plain float sum of a million numbers is wrong in the third digit.
// Why it is slow: each step waits for the one before, and for inner > 1 neighbours on the axis lie `inner` elements apart.
//
// x: [outer, n, inner], out: [outer, inner]. outer * n * inner operations and as many elements read.
#include "common/registry.h"
#include "reduce/reduce.h"
#include <limits>

namespace stepgrad {
namespace {

// out = finish(step(... step(step(start, x0), x1) ...))
template <class T, class Acc, class Step, class Finish>
void loop(const ReduceArgs<T>& g, Acc start, Step step, Finish finish) {
  for (long o = 0; o < g.outer; o++)
    for (long i = 0; i < g.inner; i++) {
      Acc acc = start;
      for (long k = 0; k < g.n; k++) acc = step(acc, g.x[(o * g.n + k) * g.inner + i]);
      g.out[o * g.inner + i] = T(finish(acc));
    }
}
const auto as_it_is = [](auto acc) { return acc; };

STEPGRAD_RUNG(ReduceArgs, "sum", "naive", 0, "a plain loop, carried in double", sum_naive)
template <class T> void sum_naive(const ReduceArgs<T>& g) {
  loop(g, 0.0, [](double acc, T x) { return acc + x; }, as_it_is);
}

STEPGRAD_RUNG(ReduceArgs, "mean", "naive", 0, "a plain loop, carried in double", mean_naive)
template <class T> void mean_naive(const ReduceArgs<T>& g) {
  loop(g, 0.0, [](double acc, T x) { return acc + x; }, [&](double acc) { return acc / double(g.n); });
}

STEPGRAD_RUNG(ReduceArgs, "prod", "naive", 0, "a plain loop, carried in double", prod_naive)
template <class T> void prod_naive(const ReduceArgs<T>& g) {
  loop(g, 1.0, [](double acc, T x) { return acc * x; }, as_it_is);
}

// A NaN wins: `acc != acc` asks whether acc is one, and no comparison with a NaN x is true.
STEPGRAD_RUNG(ReduceArgs, "max", "naive", 0, "a plain loop", max_naive)
template <class T> void max_naive(const ReduceArgs<T>& g) {
  loop(
      g, -std::numeric_limits<T>::infinity(), [](T acc, T x) { return acc >= x || acc != acc ? acc : x; },
      as_it_is);
}

STEPGRAD_RUNG(ReduceArgs, "min", "naive", 0, "a plain loop", min_naive)
template <class T> void min_naive(const ReduceArgs<T>& g) {
  loop(
      g, std::numeric_limits<T>::infinity(), [](T acc, T x) { return acc <= x || acc != acc ? acc : x; },
      as_it_is);
}

// better(x, best) says whether x beats the best so far; a NaN beats everything but an earlier NaN.
template <class T, class Better> void arg_loop(const ArgReduceArgs<T>& g, Better better) {
  for (long o = 0; o < g.outer; o++)
    for (long i = 0; i < g.inner; i++) {
      const T* x = g.x + o * g.n * g.inner + i;
      long best = 0;
      for (long k = 1; k < g.n; k++) {
        T now = x[k * g.inner], top = x[best * g.inner];
        if (better(now, top) || (now != now && top == top)) best = k;
      }
      g.out[o * g.inner + i] = best;
    }
}

STEPGRAD_RUNG(ArgReduceArgs, "argmax", "naive", 0, "a plain loop that remembers where the best was",
              argmax_naive)
template <class T> void argmax_naive(const ArgReduceArgs<T>& g) {
  arg_loop(g, [](T x, T best) { return x > best; });
}

STEPGRAD_RUNG(ArgReduceArgs, "argmin", "naive", 0, "a plain loop that remembers where the best was",
              argmin_naive)
template <class T> void argmin_naive(const ArgReduceArgs<T>& g) {
  arg_loop(g, [](T x, T best) { return x < best; });
}

} // namespace
} // namespace stepgrad
