// One matrix product on register tiles: C (+)= A B. The body of the rungs matmul/simd and matmul/threads, and of the
// convolutions im2col and implicit_gemm.
//
//   K is cut into blocks of about 256, so that a panel of B (256 x NR) stays in L1.
//   B is packed into panels once, unless it is small enough to be used where it lies.
//   C is cut into cells of mc rows x nc columns, each one independent of all others: the unit that threads share.
//   Inside a cell a block of A (mc x 256) is packed and stays in L2.
//
// Where K is cut depends on the sizes alone, and no sum is shared: the same bits for any number of threads.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "matmul/tile.h"
#include "matmul/pack.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

inline long ceil_div(long a, long b) { return (a + b - 1) / b; }
inline long round_up(long a, long b) { return ceil_div(a, b) * b; }

constexpr double NS_PER_MULTIPLY_ADD =
    STEPGRAD_ISA_LEVEL == 0 ? 0.08 : 0.02;    // a guess, to size the threads' pieces
constexpr long KC = 256;                      // longest block of K
constexpr long SHORT_K = 64;                  // below it, C costs more than B
constexpr long SMALL_B = 24 << 10;            // bytes: a B that stays in L1 without packing
constexpr long MIN_ROWS = 48, MAX_ROWS = 192; // rows of a cell: MAX_ROWS x KC floats fill 192 KiB of L2
constexpr long CELLS_PER_THREAD = 3;          // so that a thread that comes late still finds work

template <class T> struct Gemm {
  long M, N, K;
  const T* A; // A(i, k) = A[i * rsa + k * csa]
  long rsa, csa;
  const T* B; // B(k, j) = B[k * rsb + j * csb]
  long rsb, csb;
  T* C; // C(i, j) = C[i * ldc + j]
  long ldc;
  bool accumulate; // add to C instead of overwriting it

  long k_blocks() const {
    return std::max(1L, ceil_div(K, KC));
  } // at least one: K = 0 must still write zeros
  long k_begin(long block) const { return K * block / k_blocks(); }
  long panels() const { return ceil_div(N, NR<T>); }
  long panel_width(long panel) const { return std::min(NR<T>, N - panel * NR<T>); }

  // Rows of B lie far apart and fall into the same few cache sets, so B is packed unless it is tiny, or A has too few
  // rows to earn the copy back. A transposed B must be.
  bool packs_b() const { return csb != 1 || (K * N * long(sizeof(T)) > SMALL_B && M > 48); }
  bool packs_a() const { return packs_b() && M > 2 * MR && N > 2 * NR<T>; }
};

// Panel p of k block b starts at (k_begin * panels + p * k length) * NR. Without packs_b only a last panel that is not
// a whole number of vectors is packed: the tile would read past the end of its rows.
template <class T, class For> const T* pack_b(const Gemm<T>& g, For run_for) {
  const long first = g.packs_b() ? 0 : g.N % VL<T> ? g.panels() - 1 : g.panels();
  T* packed = scratch<T>(Scratch::PACKED_B, (g.panels() - first) * NR<T> * g.K);
  const long panels = g.panels() - first;
  const long step =
      g.csb == 1 ? K_STEP : KC; // rows of B in the order in which they lie, a transposed B panel by panel
  run_for(g.k_blocks() * panels, KC * NR<T> * 0.5, [&](long begin, long end) {
    for (long block = begin / panels; block * panels < end; block++) {
      const long k0 = g.k_begin(block), kn = g.k_begin(block + 1) - k0;
      const long p0 = std::max(begin - block * panels, 0L), p1 = std::min(end - block * panels, panels);
      for (long k = 0; k < kn; k += step)
        for (long p = p0; p < p1; p++)
          pack_panel(packed + (k0 * panels + p * kn + k) * NR<T>, NR<T>,
                     g.B + (k0 + k) * g.rsb + (first + p) * NR<T> * g.csb, g.rsb, g.csb,
                     std::min(step, kn - k), g.panel_width(first + p));
    }
  });
  return packed;
}

// What may follow a product while its result is in cache: finish(C, ldc, rows, j, n) sees each finished tile, [rows, n],
// whose first column is column j.
struct NoFinish {
  template <class T> void operator()(T*, long, long, long, long) const {}
};

// Rows [i0, i1), panels [p0, p1) of C.
template <class T, bool packed_a, class Finish = NoFinish>
void gemm_cell(const Gemm<T>& g, const T* packed_b, long i0, long i1, long p0, long p1, Finish finish = {}) {
  const long tiles =
      ceil_div(i1 - i0, MR); // rows are shared out evenly: 32 rows are 11 + 11 + 10, not 14 + 14 + 4
  const auto tile_begin = [&](long t) { return i0 + (i1 - i0) * t / tiles; };
  const long first_packed = g.packs_b() ? 0 : g.N % VL<T> ? g.panels() - 1 : g.panels();
  for (long block = 0; block < g.k_blocks(); block++) {
    const long k0 = g.k_begin(block), kn = g.k_begin(block + 1) - k0;
    const bool accumulate = g.accumulate || block > 0;
    T* packed = nullptr;
    if (packed_a) {
      packed = scratch<T>(Scratch::PACKED_A, (i1 - i0) * kn);
      const long step =
          g.rsa == 1 ? K_STEP : kn; // a cache line of A^T belongs to several tiles: use it while it is here
      for (long k = 0; k < kn; k += step)
        for (long t = 0; t < tiles; t++) {
          const long i = tile_begin(t), mr = tile_begin(t + 1) - i;
          pack_panel(packed + (i - i0) * kn + k * mr, mr, g.A + i * g.rsa + (k0 + k) * g.csa, g.csa, g.rsa,
                     std::min(step, kn - k), mr);
        }
    }
    const auto multiply = [&](long p, long t) {
      const bool in_place = p < first_packed;
      const T* B = in_place ? g.B + k0 * g.rsb + p * NR<T>
                            : packed_b + (k0 * (g.panels() - first_packed) + (p - first_packed) * kn) * NR<T>;
      const long i = tile_begin(t), mr = tile_begin(t + 1) - i;
      const T* A = packed_a ? packed + (i - i0) * kn : g.A + i * g.rsa + k0 * g.csa;
      T* C = g.C + i * g.ldc + p * NR<T>;
      run_tile<T, packed_a>(int(mr), g.panel_width(p), kn, A, g.rsa, g.csa, B, in_place ? g.rsb : NR<T>, C,
                            g.ldc, accumulate);
      if (block + 1 == g.k_blocks()) finish(C, g.ldc, mr, p * NR<T>, g.panel_width(p));
    };
    if (kn <= SHORT_K) { // the arithmetic is little beside C: write C row by row
      for (long t = 0; t < tiles; t++)
        for (long p = p0; p < p1; p++) multiply(p, t);
    } else { // a panel of B stays in L1
      for (long p = p0; p < p1; p++)
        for (long t = 0; t < tiles; t++) multiply(p, t);
    }
  }
}

template <class T, class For, class Finish = NoFinish>
void gemm(const Gemm<T>& g, const T* packed_b, For run_for, Finish finish = {}) {
  if (g.M == 0 || g.N == 0) return;
  const long wanted = run_for.threads() > 1 ? CELLS_PER_THREAD * run_for.threads() : 1;
  const long row_cells = std::max(ceil_div(g.M, MAX_ROWS), std::min(wanted, ceil_div(g.M, MIN_ROWS)));
  const long column_cells = std::min(ceil_div(wanted, row_cells), ceil_div(g.panels(), 4));
  const double ns = double(g.M) * g.N * g.K / double(row_cells * column_cells) * NS_PER_MULTIPLY_ADD;
  run_for(row_cells * column_cells, ns, [&](long begin, long end) {
    for (long cell = begin; cell < end; cell++) {
      const long r = cell / column_cells, c = cell % column_cells;
      const long i0 = g.M * r / row_cells, i1 = g.M * (r + 1) / row_cells;
      const long p0 = g.panels() * c / column_cells, p1 = g.panels() * (c + 1) / column_cells;
      if (g.packs_a())
        gemm_cell<T, true>(g, packed_b, i0, i1, p0, p1, finish);
      else
        gemm_cell<T, false>(g, packed_b, i0, i1, p0, p1, finish);
    }
  });
}

template <class T, class For, class Finish = NoFinish>
void gemm(const Gemm<T>& g, For run_for, Finish finish = {}) {
  gemm(g, pack_b(g, run_for), run_for, finish);
}

// What several rungs use is compiled once, in product.cpp.
#define STEPGRAD_GEMM(extern_or_not, T)                                                                      \
  extern_or_not template const T* pack_b(const Gemm<T>&, Serially);                                          \
  extern_or_not template const T* pack_b(const Gemm<T>&, InParallel);                                        \
  extern_or_not template void gemm_cell<T, false>(const Gemm<T>&, const T*, long, long, long, long,          \
                                                  NoFinish);                                                 \
  extern_or_not template void gemm(const Gemm<T>&, InParallel, NoFinish);
STEPGRAD_GEMM(extern, float)
STEPGRAD_GEMM(extern, double)

} // namespace STEPGRAD_ISA
} // namespace stepgrad
