// Top rung of dense: the product of matmul's top rung; bias and activation are applied to each tile of Y when its last
// product has been added.
//
// What changes: as three ops, Y goes through memory three times; here the tile that was just written is still in L1.
// Every element sees the same operations in the same order as in matmul, add and the activation: the same bits.
//
// Shapes and costs: dense.h.
#include "common/registry.h"
#include "matmul/dense_products.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(DenseArgs, "dense", "tiles", 10,
              "matmul's top rung; bias and activation while a tile of Y is in cache", dense_tiles)
template <class T> void dense_tiles(const DenseArgs<T>& g) {
  product(gemm_of(g), InParallel(), BiasAndActivation<T>{g.b, g.activation});
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
