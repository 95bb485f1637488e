// What follows the product of a dense layer, tile by tile.
#pragma once
#include "elementwise/vector_activation.h"
#include "matmul/dense.h"
#include "matmul/tile.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// C = f(C + bias). C: [rows, n], rows ldc apart; bias: [n].
template <class T, class F>
void add_bias_and_activate(T* C, long ldc, long rows, const T* bias, long n, F f) {
  for (long i = 0; i < rows; i++, C += ldc) {
    long c = 0;
    for (; c + VL<T> <= n; c += VL<T>) store(C + c, f(load(C + c) + load(bias + c)));
    if (c < n) {
      const vec<T> y = f(load_part(C + c, n - c, T(0)) + load_part(bias + c, n - c, T(0)));
      copy_part(C + c, reinterpret_cast<const T*>(&y), n - c, false);
    }
  }
}

// What follows a tile of the product. The activation is chosen here, tile by tile, and not around the product, which would
// have to be compiled once for each.
template <class T> struct BiasAndActivation {
  const T* bias; // [N]
  Activation activation;
  // C: [rows, n], its first column is column j of Y. Not inlined: the product calls it in several places.
  __attribute__((noinline)) void operator()(T* C, long ldc, long rows, long j, long n) const {
    with_activation(activation, [&](auto f) { add_bias_and_activate(C, ldc, rows, bias + j, n, f); });
  }
};

} // namespace STEPGRAD_ISA
} // namespace stepgrad
