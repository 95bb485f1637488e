// Top rung of the binary ops on CUDA: 16 bytes a load, and no division.
//
// What changes: each of the three forms of b has its own way to b's element, chosen once, outside the loop. Where b is a
// whole array or one number, rows do not matter and everything is flat. Where it is one row (a bias), a thread keeps its
// columns and walks down the rows: b is loaded once a thread, not once an element.
// What limits it: memory, at close to the speed of a copy.
//
// a, out: [rows, n]; b: [rows, n], [1, n] or [1, 1]. Up to 3 * rows * n elements moved, rows * n FLOPs.
#include "cuda/collectives.h"
#include "elementwise/cuda_formulas.h"
#include "elementwise/cuda_rows.h"

namespace stepgrad {
namespace {

template <class T, class F>
__global__ void same_shape_kernel(const T* a, const T* b, T* out, long n, long packs, F f) {
  using P = Pack<T>;
  for (long i = global_thread(); i < packs; i += grid_threads()) {
    const P x = reinterpret_cast<const P*>(a)[i], y = reinterpret_cast<const P*>(b)[i];
    P z;
#pragma unroll
    for (int k = 0; k < P::N; k++) z.v[k] = f(x.v[k], y.v[k]);
    reinterpret_cast<P*>(out)[i] = z;
  }
  for (long i = packs * P::N + global_thread(); i < n; i += grid_threads()) out[i] = f(a[i], b[i]);
}

template <class T, class F>
__global__ void one_number_kernel(const T* a, const T* b, T* out, long n, long packs, F f) {
  using P = Pack<T>;
  const T number = *b;
  for (long i = global_thread(); i < packs; i += grid_threads()) {
    const P x = reinterpret_cast<const P*>(a)[i];
    P z;
#pragma unroll
    for (int k = 0; k < P::N; k++) z.v[k] = f(x.v[k], number);
    reinterpret_cast<P*>(out)[i] = z;
  }
  for (long i = packs * P::N + global_thread(); i < n; i += grid_threads()) out[i] = f(a[i], number);
}

template <class T, class F> void run(const BinaryArgs<T>& g, F f) {
  const long size = g.rows * g.n;
  if (size == 0) return;
  const bool number = g.b_row == 0 && g.b_col == 0, flat = g.b_row == g.n || g.rows == 1;
  const bool aligned = can_pack(g.a) && can_pack(g.out) && (number || can_pack(g.b));
  const long packs = aligned ? size / Pack<T>::N : 0;
  const unsigned blocks = grid_for(packs ? packs : size, THREADS);
  if (number)
    launch(one_number_kernel<T, F>, blocks, THREADS, 0, g.a, g.b, g.out, size, packs, f);
  else if (flat)
    launch(same_shape_kernel<T, F>, blocks, THREADS, 0, g.a, g.b, g.out, size, packs, f);
  else
    run_rows(g.a, g.b, g.out, g.rows, g.n, f);
}

STEPGRAD_RUNG(BinaryArgs, "add", "vectorised", 10,
              "16 bytes a load; a row that repeats is loaded once a thread", add_vectorised)
template <class T> void add_vectorised(const BinaryArgs<T>& g) { run(g, Sum{}); }

STEPGRAD_RUNG(BinaryArgs, "subtract", "vectorised", 10,
              "16 bytes a load; a row that repeats is loaded once a thread", subtract_vectorised)
template <class T> void subtract_vectorised(const BinaryArgs<T>& g) { run(g, Difference{}); }

STEPGRAD_RUNG(BinaryArgs, "multiply", "vectorised", 10,
              "16 bytes a load; a row that repeats is loaded once a thread", multiply_vectorised)
template <class T> void multiply_vectorised(const BinaryArgs<T>& g) { run(g, Product{}); }

STEPGRAD_RUNG(BinaryArgs, "divide", "vectorised", 10,
              "16 bytes a load; a row that repeats is loaded once a thread", divide_vectorised)
template <class T> void divide_vectorised(const BinaryArgs<T>& g) { run(g, Quotient{}); }

STEPGRAD_RUNG(BinaryArgs, "maximum", "vectorised", 10,
              "16 bytes a load; a row that repeats is loaded once a thread", maximum_vectorised)
template <class T> void maximum_vectorised(const BinaryArgs<T>& g) { run(g, Maximum{}); }

STEPGRAD_RUNG(BinaryArgs, "minimum", "vectorised", 10,
              "16 bytes a load; a row that repeats is loaded once a thread", minimum_vectorised)
template <class T> void minimum_vectorised(const BinaryArgs<T>& g) { run(g, Minimum{}); }

} // namespace
} // namespace stepgrad
