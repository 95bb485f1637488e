// Third rung of matmul_bf16, the top one on CPUs that have no fast instructions for bfloat16: rounded copies of both factors, then
// matmul's top rung.
//
// What changes: no tiles. The float kernels multiply numbers that happen to be bfloat16, so that a model means the same
// here as on a CPU with such instructions. It costs a little more than matmul.
//
// Shapes: matmul.h. 2*M*N*K FLOPs; M*K + K*N elements are rounded and written once.
#include "common/registry.h"
#include "matmul/bf16.h"
#include "matmul/dense_products.h"
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// Writes the rounded matrix (lines of n elements, `stride` apart) without gaps.
template <class T, class For>
const T* rounded(const T* from, long lines, long n, long stride, Scratch place, For run_for) {
  T* to = scratch<T>(place, lines * n);
  run_for(lines, double(n) * 0.3, [&](long begin, long end) {
    for (long line = begin; line < end; line++)
      for (long i = 0; i < n; i++) to[line * n + i] = round_bf16(from[line * stride + i]);
  });
  return to;
}

template <class T, class For, class Finish = NoFinish>
void product_of_rounded(Gemm<T> g, For run_for, Finish finish = {}) {
  const bool a_by_rows = g.csa == 1, b_by_rows = g.csb == 1; // the other stride is 1 if not
  g.A = rounded(g.A, a_by_rows ? g.M : g.K, a_by_rows ? g.K : g.M, a_by_rows ? g.rsa : g.csa,
                Scratch::ROUNDED_A, run_for);
  g.B = rounded(g.B, b_by_rows ? g.K : g.N, b_by_rows ? g.N : g.K, b_by_rows ? g.rsb : g.csb,
                Scratch::ROUNDED_B, run_for);
  (a_by_rows ? g.rsa : g.csa) = a_by_rows ? g.K : g.M;
  (b_by_rows ? g.rsb : g.csb) = b_by_rows ? g.N : g.K;
  product(g, run_for, finish);
}

STEPGRAD_RUNG(MatmulArgs, "matmul_bf16", "rounded", 20,
              "rounded copies of both factors, then matmul's top rung", matmul_bf16_rounded)
template <class T> void matmul_bf16_rounded(const MatmulArgs<T>& args) {
  const MatmulArgs<T> g = fold_batch(args);
  const double ns = double(g.M) * g.N * g.K * NS_PER_MULTIPLY_ADD;
  if (g.batch >= 4)
    parallel_for(g.batch, ns, [&](long begin, long end) {
      for (long b = begin; b < end; b++) product_of_rounded(matrix_of(g, b), Serially());
    });
  else
    for (long b = 0; b < g.batch; b++) product_of_rounded(matrix_of(g, b), InParallel());
}

STEPGRAD_RUNG(DenseArgs, "dense_bf16", "rounded", 20, "rounded copies of both factors, then dense's top rung",
              dense_bf16_rounded)
template <class T> void dense_bf16_rounded(const DenseArgs<T>& g) {
  product_of_rounded(gemm_of(g), InParallel(), BiasAndActivation<T>{g.b, g.activation});
}

STEPGRAD_RUNG(DenseGradientArgs, "dense_bf16_gradient", "rounded", 20,
              "rounded copies of the factors, then matmul's top rung", dense_bf16_gradient_rounded)
template <class T> void dense_bf16_gradient_rounded(const DenseGradientArgs<T>& g) {
  dense_gradient(g, [](const Gemm<T>& product_of) { product_of_rounded(product_of, InParallel()); });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
