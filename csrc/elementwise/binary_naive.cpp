// Bottom rung of the binary ops: a plain loop; b is a whole array, one row for all rows (a bias), or one number.
//
// a, out: [rows, n]; b: element (i, j) at b[i * b_row + j * b_col]. 3 * rows * n elements moved.
#include "common/registry.h"
#include "elementwise/elementwise.h"

namespace stepgrad {
namespace {

template <class T, class F> void loop(const BinaryArgs<T>& g, F f) {
  for (long i = 0; i < g.rows; i++)
    for (long j = 0; j < g.n; j++) g.out[i * g.n + j] = f(g.a[i * g.n + j], g.b[i * g.b_row + j * g.b_col]);
}

STEPGRAD_RUNG(BinaryArgs, "add", "naive", 0, "a plain loop", add_naive)
template <class T> void add_naive(const BinaryArgs<T>& g) {
  loop(g, [](T a, T b) { return a + b; });
}

STEPGRAD_RUNG(BinaryArgs, "subtract", "naive", 0, "a plain loop", subtract_naive)
template <class T> void subtract_naive(const BinaryArgs<T>& g) {
  loop(g, [](T a, T b) { return a - b; });
}

STEPGRAD_RUNG(BinaryArgs, "multiply", "naive", 0, "a plain loop", multiply_naive)
template <class T> void multiply_naive(const BinaryArgs<T>& g) {
  loop(g, [](T a, T b) { return a * b; });
}

STEPGRAD_RUNG(BinaryArgs, "divide", "naive", 0, "a plain loop", divide_naive)
template <class T> void divide_naive(const BinaryArgs<T>& g) {
  loop(g, [](T a, T b) { return a / b; });
}

// A NaN on either side wins: `a != a` asks whether a is one, and a comparison with a NaN b is false.
STEPGRAD_RUNG(BinaryArgs, "maximum", "naive", 0, "a plain loop", maximum_naive)
template <class T> void maximum_naive(const BinaryArgs<T>& g) {
  loop(g, [](T a, T b) { return a > b || a != a ? a : b; });
}

STEPGRAD_RUNG(BinaryArgs, "minimum", "naive", 0, "a plain loop", minimum_naive)
template <class T> void minimum_naive(const BinaryArgs<T>& g) {
  loop(g, [](T a, T b) { return a < b || a != a ? a : b; });
}

} // namespace
} // namespace stepgrad
