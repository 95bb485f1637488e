// One matrix product, C (+)= A B: its sizes, where K is cut, and the panels of columns into which B is packed.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "matmul/pack.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

inline long ceil_div(long a, long b) { return (a + b - 1) / b; }
inline long round_up(long a, long b) { return ceil_div(a, b) * b; }

constexpr double NS_PER_MULTIPLY_ADD =
    STEPGRAD_ISA_LEVEL == 0 ? 0.08 : 0.02; // a guess, to size the threads' pieces
constexpr long KC = 256;                   // longest block of K
constexpr long SHORT_K = 64;               // below it, C costs more than B
constexpr long SMALL_B = 24 << 10;         // bytes: a B that stays in L1 without packing
constexpr long PACK_ROWS = 256;            // columns of B that earn back a packed A whose rows are contiguous

template <class T> struct Gemm {
  long M, N, K;
  const T* A; // A(i, k) = A[i * rsa + k * csa]
  long rsa, csa;
  const T* B; // B(k, j) = B[k * rsb + j * csb]
  long rsb, csb;
  T* C; // C(i, j) = C[i * ldc + j]
  long ldc;
  bool accumulate; // add to C instead of overwriting it

  // At least one: K = 0 must still write zeros.
  long k_blocks() const { return K <= KC ? 1 : ceil_div(K, KC); }
  long k_begin(long block) const { return block == 0 ? 0 : K * block / k_blocks(); }

  // The panels of B: NR columns each. The last one is as many whole vectors as its columns need and ends where the matrix
  // ends: it overlaps the one before, so that B is read and C written in whole vectors. A matrix of less than NR columns
  // has panels of one vector, unless it is padded: to one vector, or to NR columns where that saves a second pass over A.
  bool padded() const { return N < VL<T> || (N > VL<T> && N < NR<T> && K > 32); }
  long panel_stride() const { return N < NR<T> && (N <= VL<T> || !padded()) ? VL<T> : NR<T>; }
  long panels() const { return ceil_div(N, panel_stride()); }
  long panel_width(long p) const { return std::min(panel_stride(), N - p * NR<T> <= VL<T> ? VL<T> : NR<T>); }
  long panel_begin(long p) const { return std::max(0L, std::min(p * panel_stride(), N - panel_width(p))); }
  long padded_columns() const { return (panels() - 1) * panel_stride() + panel_width(panels() - 1); }

  // Rows of B lie far apart and fall into the same few cache sets, so B is packed unless it is tiny, or A has too few
  // rows to earn the copy back. A transposed B must be, and one that is padded.
  bool packs_b() const { return csb != 1 || padded() || (K * N * long(sizeof(T)) > SMALL_B && M > 48); }
  // Contiguous rows of A are read as fast where they lie, unless they are long and many panels share the cost of packing.
  bool packs_a() const {
    return packs_b() && M > 2 * MR && (csa == 1 ? N > PACK_ROWS && K > SHORT_K : N > 2 * NR<T>);
  }
};

// Panels packed together where B is packed while it is used: so much of each row is worth the way to memory.
constexpr long PANELS_AT_ONCE = 4;

// B's panels in the order in which they are read: panel p of a block of K is [kn, panel width].
template <class T> struct PackedB {
  T* data = nullptr;
  bool while_multiplying = false; // by gemm_cell, just before their first use: they are in cache then
  bool kept = true;               // for other cells; otherwise the next panels go to the same place

  // Panel p is at block() + slot(p) * panel_stride * kn.
  T* block(const Gemm<T>& g, long k0) const { return kept ? data + k0 * g.padded_columns() : data; }
  long slot(long p) const { return kept ? p : p % PANELS_AT_ONCE; }
};

template <class T> T* packed_b_buffer(const Gemm<T>& g) {
  return scratch<T>(Scratch::PACKED_B, g.padded_columns() * g.K);
}

// Panels [p0, p1) in the block of K that begins at k0.
template <class T> void pack_panels(const Gemm<T>& g, PackedB<T> packed, long k0, long kn, long p0, long p1) {
  T* const block = packed.block(g, k0);
  const long step =
      g.csb == 1 ? K_STEP : kn; // rows of B in the order in which they lie, a transposed B panel by panel
  for (long k = 0; k < kn; k += step)
    for (long p = p0; p < p1; p++) {
      const long width = g.panel_width(p), j = g.panel_begin(p);
      pack_panel(block + packed.slot(p) * g.panel_stride() * kn + k * width, width,
                 g.B + (k0 + k) * g.rsb + j * g.csb, g.rsb, g.csb, std::min(step, kn - k),
                 std::min(width, g.N - j));
    }
}

// Packs all of B beforehand, for cells that share it.
template <class T, class For> PackedB<T> pack_b(const Gemm<T>& g, For run_for) {
  if (!g.packs_b()) return {};
  const PackedB<T> packed{packed_b_buffer(g)};
  const long panels = g.panels();
  run_for(g.k_blocks() * panels, KC * NR<T> * 0.5, [&](long begin, long end) {
    for (long block = begin / panels; block * panels < end; block++) {
      const long k0 = g.k_begin(block), kn = g.k_begin(block + 1) - k0;
      pack_panels(g, packed, k0, kn, std::max(begin - block * panels, 0L),
                  std::min(end - block * panels, panels));
    }
  });
  return packed;
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
