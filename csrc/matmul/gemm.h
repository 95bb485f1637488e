// One matrix product on register tiles: C (+)= A B. The body of the rungs matmul/simd and matmul/threads, and of the
// convolutions im2col and implicit_gemm.
//
//   K is cut into blocks of about 256, so that a panel of B (256 x NR) stays in L1.
//   C is cut into cells of mc rows x nc columns, each one independent of all others: the unit that threads share.
//   Inside a cell a block of A (mc x 256) stays in L2. It is packed where it is used often, or lies transposed.
//   B is packed into panels once, unless it is small enough to be used where it lies: beforehand where several threads
//   need the same panels, otherwise by the first cell that comes to them, a few panels at a time, while they are in cache.
//
// Where K is cut depends on the sizes alone, and no sum is shared: the same bits for any number of threads.
#pragma once
#include "matmul/cell.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long MIN_ROWS = 48, MAX_ROWS = 192; // rows of a cell: MAX_ROWS x KC floats fill 192 KiB of L2
constexpr long ONE_CELL = 320;       // rows that still fit; with a single cell B's panels need not be kept
constexpr long CELLS_PER_THREAD = 3; // so that a thread that comes late still finds work

template <class T, class For, class Finish = NoFinish>
void gemm(const Gemm<T>& g, For run_for, Finish finish = {}) {
  if (g.M == 0 || g.N == 0) return;
  const double ns = double(g.M) * g.N * g.K * NS_PER_MULTIPLY_ADD;
  const long threads = run_for.threads_for(ns), wanted = threads > 1 ? CELLS_PER_THREAD * threads : 1;
  const long row_cells =
      std::max(g.M <= ONE_CELL ? 1 : ceil_div(g.M, MAX_ROWS), std::min(wanted, ceil_div(g.M, MIN_ROWS)));
  // At least two panels a cell where there are several: the last one overlaps the one before, which is in the same cell.
  const long column_cells = std::min(ceil_div(wanted, row_cells), ceil_div(g.panels(), 4));
  PackedB<T> packed_b;
  if (g.packs_b() && threads > 1 && row_cells > 1)
    packed_b = pack_b(g, run_for);
  else
    packed_b.while_multiplying = g.packs_b(), packed_b.kept = row_cells > 1 || g.K <= SHORT_K;
  const long cells = row_cells * column_cells;
  run_for(cells, ns / double(cells), [&](long begin, long end) {
    for (long cell = begin; cell < end; cell++) {
      const long r = cell / column_cells, c = cell % column_cells;
      const long i0 = g.M * r / row_cells, i1 = g.M * (r + 1) / row_cells;
      const long p0 = g.panels() * c / column_cells, p1 = g.panels() * (c + 1) / column_cells;
      PackedB<T> b = packed_b;
      if (b.while_multiplying) {
        b.data = b.kept ? packed_b_buffer(g) : scratch<T>(Scratch::PACKED_B, PANELS_AT_ONCE * NR<T> * KC);
        b.while_multiplying = r == 0;
      }
      if (g.packs_a())
        gemm_cell<T, true>(g, b, i0, i1, p0, p1, finish);
      else
        gemm_cell<T, false>(g, b, i0, i1, p0, p1, finish);
    }
  });
}

// What several rungs use is compiled once, in product.cpp.
#define STEPGRAD_GEMM(extern_or_not, T)                                                                      \
  extern_or_not template PackedB<T> pack_b(const Gemm<T>&, Serially);                                        \
  extern_or_not template PackedB<T> pack_b(const Gemm<T>&, InParallel);                                      \
  extern_or_not template void gemm_cell<T, false>(const Gemm<T>&, PackedB<T>, long, long, long, long,        \
                                                  NoFinish);                                                 \
  extern_or_not template void gemm(const Gemm<T>&, InParallel, NoFinish);
STEPGRAD_GEMM(extern, float)
STEPGRAD_GEMM(extern, double)

} // namespace STEPGRAD_ISA
} // namespace stepgrad
