// Top rung of the binary ops: whole vectors, shared among threads.
//
// What changes: the three shapes of b each get a loop of their own, so the inner loop is contiguous in all of them. A b
// of one number is spread over a vector once; a row of b stays in L1 while all rows of a pass. When a is one long
// array (b as large as a), rows do not matter and the array is cut anywhere.
//
// a, out: [rows, n]; b: [rows, n], [1, n] or [1, 1]. 3 * rows * n elements moved: only memory limits this.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "elementwise/elementwise.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// As map in common/vec.h, with a copy of f for the tail: one operation rounds alike in both, so it needs no way through memory.
template <class T, class F> STEPGRAD_INLINE void map_once(const T* a, const T* b, T* y, long n, F f) {
  long i = 0;
  for (; i + VL<T> <= n; i += VL<T>) store(y + i, f(load(a + i), load(b + i)));
  if (i < n) store_part(y + i, f(load_part(a + i, n - i, T(0)), load_part(b + i, n - i, T(1))), n - i);
}

template <class T, class F> void run(const BinaryArgs<T>& g, F f) {
  const double ns = 0.1 * sizeof(T);
  const bool one_number = g.b_row == 0 && (g.b_col == 0 || g.n == 1), one_row = g.b_row == 0 && g.rows > 1;
  if (one_number) {
    parallel_for(g.rows * g.n, ns, [&](long begin, long end) {
      const vec<T> b = splat(*g.b);
      map(g.a + begin, g.out + begin, end - begin, [&](auto a) { return f(a, b); });
    });
  } else if (one_row) {
    parallel_for(g.rows, ns * double(g.n), [&](long begin, long end) {
      for (long i = begin; i < end; i++) map_once(g.a + i * g.n, g.b, g.out + i * g.n, g.n, f);
    });
  } else {
    parallel_for(g.rows * g.n, ns, [&](long begin, long end) {
      map_once(g.a + begin, g.b + begin, g.out + begin, end - begin, f);
    });
  }
}

STEPGRAD_RUNG(BinaryArgs, "add", "simd", 10, "vectors, threaded", add_simd)
template <class T> void add_simd(const BinaryArgs<T>& g) {
  run(g, [](auto a, auto b) { return a + b; });
}

STEPGRAD_RUNG(BinaryArgs, "subtract", "simd", 10, "vectors, threaded", subtract_simd)
template <class T> void subtract_simd(const BinaryArgs<T>& g) {
  run(g, [](auto a, auto b) { return a - b; });
}

STEPGRAD_RUNG(BinaryArgs, "multiply", "simd", 10, "vectors, threaded", multiply_simd)
template <class T> void multiply_simd(const BinaryArgs<T>& g) {
  run(g, [](auto a, auto b) { return a * b; });
}

STEPGRAD_RUNG(BinaryArgs, "divide", "simd", 10, "vectors, threaded", divide_simd)
template <class T> void divide_simd(const BinaryArgs<T>& g) {
  run(g, [](auto a, auto b) { return a / b; });
}

STEPGRAD_RUNG(BinaryArgs, "maximum", "simd", 10, "vectors, threaded", maximum_simd)
template <class T> void maximum_simd(const BinaryArgs<T>& g) {
  run(g, [](auto a, auto b) { return vmax(a, b); });
}

STEPGRAD_RUNG(BinaryArgs, "minimum", "simd", 10, "vectors, threaded", minimum_simd)
template <class T> void minimum_simd(const BinaryArgs<T>& g) {
  run(g, [](auto a, auto b) { return vmin(a, b); });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
