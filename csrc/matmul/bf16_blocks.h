// How a bfloat16 product is cut: the factors are rounded and packed (bf16_pack.h), C is computed in blocks of 32 x 32, and a cell
// of 4 x 4 blocks is what one thread computes at a time. What multiplies two panels into a block is a parameter: register tiles
// in bf16_dot_product.cpp, or the tiles of bf16_tiles.h.
//
// Where several cells need the same panels of a factor, all of it is packed beforehand. Otherwise (B, where A has at most 128 rows)
// the one cell packs them, a block of K at a time, so that they are multiplied while they are in cache.
//
// Where K is cut depends on the sizes alone, and no sum is shared: the same bits for any number of threads.
#pragma once
#include "matmul/bf16_pack.h"
#include "matmul/dense_products.h"
#include "matmul/product.h"
#include <atomic>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long DEPTH_BLOCK = 512;     // steps of K after which C is put down: panels of 32 KiB, for L1
constexpr long CELL = 4;              // blocks of C along each side of a cell
constexpr long OWN_BYTES = 512 << 10; // of a factor that each thread packs for itself

// Who packs a factor: each cell its panels, a block of K at a time; all threads together, beforehand; or each thread all of it,
// for itself.
enum class Packing { BY_CELLS, TOGETHER, BY_THREADS };

// The number of a product, by which a thread knows whether it has packed a factor for it already.
inline long next_product() {
  static std::atomic<long> last{0};
  return ++last;
}

// A factor's panels, all of them or those of a cell and a block of K.
template <bool by_pairs, class T> struct Panels {
  Factor<T> f;
  Scratch place;
  Packing packing;
  long product; // its number
  Packed<T>* data = nullptr;

  bool whole() const { return packing != Packing::BY_CELLS; }
  long size() const { return panel_size(whole() ? f.depth : std::min(DEPTH_BLOCK, f.depth)); }
  void pack(long begin, long end, Packed<T>* to) const {
    pack_panels_of<by_pairs>(f, begin, end, 0, f.depth, to + begin * size());
  }

  template <class For> void pack_beforehand(double ns, For run_for) {
    if (packing != Packing::TOGETHER) return;
    data = scratch<Packed<T>>(place, f.panels() * size());
    run_for(f.panels(), ns * double(size()), [&](long begin, long end) { pack(begin, end, data); });
  }

  // Where panel `begin` of the block of K that begins at k lies; the next ones follow at distance() from each other.
  const Packed<T>* block(long begin, long end, long k, long depth) const {
    if (packing == Packing::TOGETHER) return data + begin * size() + k * BLOCK;
    Packed<T>* mine = scratch<Packed<T>>(place, (whole() ? f.panels() : end - begin) * size());
    if (!whole()) {
      pack_panels_of<by_pairs>(f, begin, end, k, depth, mine);
      return mine;
    }
    static thread_local long packed_for = 0;
    if (packed_for != product) pack(0, f.panels(), mine), packed_for = product;
    return mine + begin * size() + k * BLOCK;
  }
  long distance(long depth) const { return whole() ? size() : panel_size(depth); }
};

// The cells of a product, and who packs.
//
// What one core has packed another has to fetch from the first one's cache, and to pack the next factor there has to wait until
// the other has let go of it: two threads were slower than one at 128 x 128 x 1024. So where it is little work, and stays in L2,
// each thread packs the smaller factor for itself, and cells are strips that share no panel of the other.
struct Cells {
  long rows, columns; // panels along each side
  Packing a, b;

  template <class Multiply> static Cells of(long a_panels, long b_panels, long K, long threads) {
    const long smaller = std::min(a_panels, b_panels), larger = std::max(a_panels, b_panels);
    const bool little = Multiply::NS_PER_PACKED * double(threads * BLOCK * DEPTH) <
                        0.35 * Multiply::NS_PER_BLOCK * double(larger);
    if (threads > 1 && little && smaller * panel_size(K) * 2 <= OWN_BYTES) {
      const long strip = std::max(1L, std::min(CELL, larger / (CELLS_PER_THREAD * threads)));
      if (a_panels == larger) return {strip, b_panels, Packing::BY_CELLS, Packing::BY_THREADS};
      return {a_panels, strip, Packing::BY_THREADS, Packing::BY_CELLS};
    }
    return {CELL, CELL, b_panels > CELL ? Packing::TOGETHER : Packing::BY_CELLS,
            a_panels > CELL ? Packing::TOGETHER : Packing::BY_CELLS};
  }
};

// C = A B for one matrix. A Multiply is made by every thread for its share of the cells:
//   multiply(K, A, B, C, ldc, rows, columns, accumulate, then):  C [rows, columns] (+)= A B, from a panel of each; at most 32 x 32.
//   then(C, n) follows n rows of it, while they are in L1.
// NS_PER_BLOCK (32 steps of K) and NS_PER_PACKED (a number) are guesses, to size the threads' pieces. NaN and infinity meet the
// zeros of the padding only in rows and columns that nobody reads: along K both factors are padded.
// finish (cell.h) sees each tile when its last product has been added.
template <class Multiply, class T, class For, class Finish>
void product_of_rows_in_blocks(const Gemm<T>& g, For run_for, Finish finish) {
  if (g.M == 0 || g.N == 0) return;
  const Factor<T> a{g.A, g.M, g.K, g.rsa, g.csa}, b{g.B, g.N, g.K, g.csb, g.rsb};
  const double ns = Multiply::NS_PER_BLOCK * double(ceil_div(g.K, DEPTH));
  const long threads = run_for.threads_for(ns * double(a.panels() * b.panels()));
  const Cells size = Cells::of<Multiply>(a.panels(), b.panels(), g.K, threads);
  const long row_cells = ceil_div(a.panels(), size.rows), column_cells = ceil_div(b.panels(), size.columns);
  const long product = next_product();
  Panels<false, T> panels_a{a, Scratch::PACKED_A, size.a, product};
  Panels<true, T> panels_b{b, Scratch::PACKED_B, size.b, product};
  panels_a.pack_beforehand(Multiply::NS_PER_PACKED, run_for);
  panels_b.pack_beforehand(Multiply::NS_PER_PACKED, run_for);
  run_for(row_cells * column_cells, ns * double(size.rows * size.columns), [&](long begin, long end) {
    Multiply multiply;
    for (long cell = begin; cell < end; cell++) {
      const long r0 = cell / column_cells * size.rows, r1 = std::min(r0 + size.rows, a.panels());
      const long c0 = cell % column_cells * size.columns, c1 = std::min(c0 + size.columns, b.panels());
      for (long k = 0; k == 0 || k < g.K; k += DEPTH_BLOCK) { // at least once: K = 0 must still write zeros
        const long depth = std::min(DEPTH_BLOCK, g.K - k);
        const bool last = k + DEPTH_BLOCK >= g.K;
        const Packed<T>*A = panels_a.block(r0, r1, k, depth), *B = panels_b.block(c0, c1, k, depth);
        for (long c = c0; c < c1; c++)
          for (long r = r0; r < r1; r++) {
            T* C = g.C + r * BLOCK * g.ldc + c * BLOCK;
            const long rows = std::min(BLOCK, g.M - r * BLOCK), columns = std::min(BLOCK, g.N - c * BLOCK);
            multiply(depth, A + (r - r0) * panels_a.distance(depth), B + (c - c0) * panels_b.distance(depth),
                     C, g.ldc, rows, columns, k > 0, [&](T* done, long count) {
                       if (last) finish(done, g.ldc, count, c * BLOCK, columns);
                     });
          }
      }
    }
  });
}

template <class Multiply, class T, class For, class Finish = NoFinish>
void product_in_blocks(const Gemm<T>& g, For run_for, Finish finish = {}) {
  if (g.N != 1 || g.ldc != 1) return product_of_rows_in_blocks<Multiply>(g, run_for, finish);
  // A matrix times a column, as a row times a matrix: C^T = B^T A^T.
  product_of_rows_in_blocks<Multiply>(Gemm<T>{1, g.M, g.K, g.B, 1, g.rsb, g.A, g.csa, g.rsa, g.C, g.M, false},
                                      run_for, NoFinish());
  finish(g.C, g.ldc, g.M, 0, g.N);
}

template <class Multiply, class T> void matmul_in_blocks(const MatmulArgs<T>& args) {
  const MatmulArgs<T> g = fold_batch(args);
  const double ns = Multiply::NS_PER_BLOCK * double(g.M) * g.N * g.K / (BLOCK * BLOCK * DEPTH);
  if (g.batch >= 4)
    parallel_for(g.batch, ns, [&](long begin, long end) {
      for (long b = begin; b < end; b++) product_in_blocks<Multiply>(matrix_of(g, b), Serially());
    });
  else
    for (long b = 0; b < g.batch; b++) product_in_blocks<Multiply>(matrix_of(g, b), InParallel());
}

template <class Multiply, class T> void dense_in_blocks(const DenseArgs<T>& g) {
  product_in_blocks<Multiply>(gemm_of(g), InParallel(), BiasAndActivation<T>{g.b, g.activation});
}
template <class Multiply, class T> void dense_gradient_in_blocks(const DenseGradientArgs<T>& g) {
  dense_gradient(g, [](const Gemm<T>& product_of) { product_in_blocks<Multiply>(product_of, InParallel()); });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
