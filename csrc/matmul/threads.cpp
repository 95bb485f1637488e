// Top rung of matmul: the simd rung on all cores.
//
// What changes: the cells of C (gemm.h) are shared among threads; a batch of many small products is shared out product
// by product instead. Every element is still computed by one thread in the same order: the same bits as `simd`.
//
// Shapes and costs as in simd.cpp. A product of less than about 50 microseconds stays on one thread.
#include "common/registry.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(MatmulArgs, "matmul", "threads", 40, "the simd rung with the cells of C shared among threads",
              matmul_threads)
template <class T> void matmul_threads(const MatmulArgs<T>& args) {
  const MatmulArgs<T> g = fold_batch(args);
  const double ns = double(g.M) * g.N * g.K * NS_PER_MULTIPLY_ADD;
  if (g.batch >= 4)
    parallel_for(g.batch, ns, [&](long begin, long end) {
      for (long b = begin; b < end; b++) product(matrix_of(g, b), Serially());
    });
  else
    for (long b = 0; b < g.batch; b++) product(matrix_of(g, b), InParallel());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
