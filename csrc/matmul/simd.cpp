// Fifth rung of matmul: the packed rung with explicit vectors, and each block of the right size for its cache.
//
// What changes: the tile of C is 6 x 2 vectors (14 x 2 with AVX-512), as many as there are registers for, so that two
// loads and 6 broadcasts serve 12 multiply-adds of a whole vector each. Packing moves whole vectors too, and transposes
// in registers. A block of A stays in L2, a panel of B in L1, and what is small enough is not packed at all.
// The code is in tile.h, pack.h and gemm.h; product.h holds the tricks for special shapes.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; A and B are copied once (M*K + K*N elements), C is written K / 256 times.
#include "common/registry.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(MatmulArgs, "matmul", "simd", 30,
              "a tile of C stays in vector registers; blocks of A in L2, panels of B in L1", matmul_simd)
template <class T> void matmul_simd(const MatmulArgs<T>& args) {
  const MatmulArgs<T> g = fold_batch(args);
  for (long b = 0; b < g.batch; b++) product(matrix_of(g, b), Serially());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
