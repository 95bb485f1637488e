// matmul on gemm(): the shapes that deserve a trick before they reach it.
#pragma once
#include "matmul/few_rows.h"
#include "matmul/gemm.h"
#include "matmul/matmul.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// B comes transposed (the input gradient of a dense layer: dy W^T). To pack W takes as long as multiplying it by some
// rows, so where there are few of them C^T = B^T A^T is better: it reads W's rows where they lie and packs only A. Then
// C^T has to be turned round; and what of a vector hangs over the edge of the columns is wasted in either form.
template <class T> bool better_swapped(const Gemm<T>& g) {
  if (g.csb == 1 || g.rsb != 1 || g.M > PACK_ROWS) return false;
  constexpr double PACK = 7, TURN = 14; // one element, in multiply-adds
  const double M = double(g.M), N = double(g.N), K = double(g.K);
  const double waste = double(round_up(g.N, VL<T>) - g.N) * M * K,
               swapped_waste = double(round_up(g.M, VL<T>) - g.M) * N * K;
  return PACK * N * K + waste > PACK * M * K + swapped_waste + TURN * M * N;
}

template <class T, class For> void swapped_gemm(const Gemm<T>& g, For run_for) {
  T* Ct = scratch<T>(Scratch::PRODUCT, g.N * g.M); // [N, M]
  gemm(Gemm<T>{g.N, g.M, g.K, g.B, g.csb, g.rsb, g.A, g.csa, g.rsa, Ct, g.M, false}, run_for);
  transpose(Ct, g.M, g.C, g.ldc, g.N, g.M);
}

template <class T, class For, class Finish>
void product_of_rows(const Gemm<T>& g, For run_for, Finish finish) {
  if (better_as_dots(g))
    dot_products(g, run_for);
  else if (better_as_sum_of_rows(g))
    sum_of_rows(g, run_for);
  else if (better_swapped(g))
    swapped_gemm(g, run_for);
  else
    return gemm(g, run_for, finish);
  finish(g.C, g.ldc, g.M, 0, g.N);
}

template <class T, class For, class Finish = NoFinish>
void product(const Gemm<T>& g, For run_for, Finish finish = {}) {
  if (g.N != 1 || g.ldc != 1) return product_of_rows(g, run_for, finish);
  // A matrix times a column, as a row times a matrix: C^T = B^T A^T.
  product_of_rows(Gemm<T>{1, g.M, g.K, g.B, 1, g.rsb, g.A, g.csa, g.rsa, g.C, g.M, false}, run_for,
                  NoFinish());
  finish(g.C, g.ldc, g.M, 0, g.N);
}

template <class T> Gemm<T> matrix_of(const MatmulArgs<T>& g, long b) {
  return {g.M,
          g.N,
          g.K,
          g.A + b * g.a_batch,
          g.a_row,
          g.a_col,
          g.B + b * g.b_batch,
          g.b_row,
          g.b_col,
          g.C + b * g.c_batch,
          g.ldc,
          false};
}

// [batch, M, K] times one shared [K, N] is one product of batch * M rows, when A lies in one piece.
template <class T> MatmulArgs<T> fold_batch(MatmulArgs<T> g) {
  if (g.b_batch == 0 && g.a_batch == g.M * g.a_row && g.c_batch == g.M * g.ldc) g.M *= g.batch, g.batch = 1;
  return g;
}

// Compiled once, in product.cpp.
extern template void product(const Gemm<float>&, Serially, NoFinish);
extern template void product(const Gemm<double>&, Serially, NoFinish);
extern template void product(const Gemm<float>&, InParallel, NoFinish);
extern template void product(const Gemm<double>&, InParallel, NoFinish);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
