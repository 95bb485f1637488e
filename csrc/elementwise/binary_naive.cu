// Bottom rung of the binary ops on CUDA: a thread an element. b is a whole array, one row for all rows, or one number.
//
// b's element of (row, column) lies at b[row * b_row + column * b_col]: where a stride is 0, it is repeated.
// What limits it: a 64-bit division an element, to tell row and column apart, costs more than the addition; then memory.
//
// a, out: [rows, n]; b: [rows, n], [1, n] or [1, 1]. Up to 3 * rows * n elements moved, rows * n FLOPs.
#include "cuda/collectives.h"
#include "elementwise/cuda_formulas.h"

namespace stepgrad {
namespace {

template <class T, class F> __global__ void binary_kernel(BinaryArgs<T> g, F f) {
  for (long i = global_thread(); i < g.rows * g.n; i += grid_threads())
    g.out[i] = f(g.a[i], g.b[i / g.n * g.b_row + i % g.n * g.b_col]);
}

template <class T, class F> void run(const BinaryArgs<T>& g, F f) {
  const long size = g.rows * g.n;
  if (size) launch(binary_kernel<T, F>, grid_for(size, THREADS), THREADS, 0, g, f);
}

STEPGRAD_RUNG(BinaryArgs, "add", "naive", 0, "a thread an element, and a division to find b's", add_naive)
template <class T> void add_naive(const BinaryArgs<T>& g) { run(g, Sum{}); }

STEPGRAD_RUNG(BinaryArgs, "subtract", "naive", 0, "a thread an element, and a division to find b's",
              subtract_naive)
template <class T> void subtract_naive(const BinaryArgs<T>& g) { run(g, Difference{}); }

STEPGRAD_RUNG(BinaryArgs, "multiply", "naive", 0, "a thread an element, and a division to find b's",
              multiply_naive)
template <class T> void multiply_naive(const BinaryArgs<T>& g) { run(g, Product{}); }

STEPGRAD_RUNG(BinaryArgs, "divide", "naive", 0, "a thread an element, and a division to find b's",
              divide_naive)
template <class T> void divide_naive(const BinaryArgs<T>& g) { run(g, Quotient{}); }

STEPGRAD_RUNG(BinaryArgs, "maximum", "naive", 0, "a thread an element, and a division to find b's",
              maximum_naive)
template <class T> void maximum_naive(const BinaryArgs<T>& g) { run(g, Maximum{}); }

STEPGRAD_RUNG(BinaryArgs, "minimum", "naive", 0, "a thread an element, and a division to find b's",
              minimum_naive)
template <class T> void minimum_naive(const BinaryArgs<T>& g) { run(g, Minimum{}); }

} // namespace
} // namespace stepgrad
