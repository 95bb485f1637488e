// Fourth rung of matmul: a register tile of explicit vectors, on packed panels.
//
// What changes: a tile of C, 6 x 2 vectors (14 x 2 with AVX-512), is held in registers while K runs, so a loaded vector
// of B serves 6 multiply-adds and nothing is stored until the end: two loads and 6 broadcasts for 12 multiply-adds,
// where the blocked rung loads and stores C for each. Packing gives the tile contiguous memory to stream through.
// The code is in tile.h, pack.h and gemm.h; product.h holds the tricks for special shapes.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; A and B are copied once (M*K + K*N elements), C is written K / 256 times.
#include "common/registry.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(MatmulArgs, "matmul", "simd", 30,
              "a tile of C stays in vector registers; A and B packed into panels", matmul_simd)
template <class T> void matmul_simd(const MatmulArgs<T>& args) {
  const MatmulArgs<T> g = fold_batch(args);
  for (long b = 0; b < g.batch; b++) product(matrix_of(g, b), Serially());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
