// Top rung of dense's gradient: dZ once, strip by strip, summed for db while the strip is in cache; then matmul's top rung.
//
// What changes: as separate ops dZ is an array of its own, written by one op and read by three. Here it is working memory that
// every layer uses again, and its sum over the rows costs no pass of its own. Without an activation dZ is dY, and nothing is
// written. Every element sees the same operations in the same order as in the activation's gradient, matmul and sum: the same
// bits.
//
// Shapes and costs: dense.h; M * N elements of working memory.
#include "common/registry.h"
#include "matmul/dense_products.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(DenseGradientArgs, "dense_gradient", "tiles", 10,
              "the activation's gradient and its sum in one pass, then matmul's top rung",
              dense_gradient_tiles)
template <class T> void dense_gradient_tiles(const DenseGradientArgs<T>& g) {
  dense_gradient(g, [](const Gemm<T>& product_of) { product(product_of, InParallel()); });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
