// Top rung of dense's gradient: dZ once, strip by strip, summed for db while the strip is in cache; then matmul's top rung.
//
// What changes: as separate ops dZ is an array of its own, written by one op and read by three. Here it is working memory that
// every layer uses again, and its sum over the rows costs no pass of its own. Without an activation dZ is dY, and nothing is
// written. Every element sees the same operations in the same order as in the activation's gradient, matmul and sum: the same
// bits.
//
// Shapes and costs: dense.h; M * N elements of working memory.
#include "common/registry.h"
#include "elementwise/bias_gradient.h"
#include "matmul/dense.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(DenseGradientArgs, "dense_gradient", "tiles", 10,
              "the activation's gradient and its sum in one pass, then matmul's top rung",
              dense_gradient_tiles)
template <class T> void dense_gradient_tiles(const DenseGradientArgs<T>& g) {
  const T* dZ = g.dY;
  if (g.activation == Activation::LINEAR) {
    reduce(ReduceArgs<T>{dZ, g.db, 1, g.M, g.N}, Sum());
  } else {
    T* before = scratch<T>(Scratch::PATCHES, g.M * g.N); // [M, N]; no convolution is at work here
    bias_gradient(BiasActivationGradientArgs<T>{g.Y, g.dY, before, g.db, g.M, g.N, g.activation});
    dZ = before;
  }
  if (g.dX) product(Gemm<T>{g.M, g.K, g.N, dZ, g.N, 1, g.W, 1, g.N, g.dX, g.K, false}, InParallel());
  product(Gemm<T>{g.K, g.N, g.M, g.X, 1, g.K, dZ, g.N, 1, g.dW, g.N, false}, InParallel());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
