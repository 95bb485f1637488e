// A cell: some rows and some panels of C, over all of K. What one thread computes at a time.
#pragma once
#include "matmul/panels.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// What may follow a product while its result is in cache: finish(C, ldc, rows, j, n) sees each finished tile, [rows, n],
// whose first column is column j.
struct NoFinish {
  template <class T> void operator()(T*, long, long, long, long) const {}
};

// Rows are shared out evenly among tiles: 32 rows are 11 + 11 + 10, not 14 + 14 + 4.
struct RowTiles {
  long tiles, rows, taller; // the first `taller` tiles have one row more than `rows`
  RowTiles(long n, long at_most) : tiles(ceil_div(n, at_most)), rows(n / tiles), taller(n % tiles) {}
  long begin(long t) const { return t * rows + std::min(t, taller); }
  long height(long t) const { return rows + (t < taller); }
};

// packed[t][k][i] = A(i0 + tiles.begin(t) + i, k0 + k), for k < kn.
template <class T>
void pack_a(const Gemm<T>& g, T* packed, long i0, const RowTiles& tiles, long k0, long kn) {
  const long step =
      g.rsa == 1 ? K_STEP : kn; // a cache line of A^T belongs to several tiles: use it while it is here
  for (long k = 0; k < kn; k += step)
    for (long t = 0; t < tiles.tiles; t++) {
      const long i = tiles.begin(t), mr = tiles.height(t);
      pack_panel(packed + i * kn + k * mr, mr, g.A + (i0 + i) * g.rsa + (k0 + k) * g.csa, g.csa, g.rsa,
                 std::min(step, kn - k), mr);
    }
}

// The tiles of two heights that RowTiles needs, looked up once.
template <class T> struct TilePair {
  TileFn<T> f[2];
  TilePair(const RowTiles& tiles, int nv, bool packed)
      : f{tile_of<T>(int(tiles.rows), nv, packed),
          tiles.taller ? tile_of<T>(int(tiles.rows) + 1, nv, packed) : nullptr} {}
  TileFn<T> operator()(const RowTiles& tiles, long t) const { return f[t < tiles.taller]; }
};

// Rows [i0, i1), panels [p0, p1) of C.
template <class T, bool packed_a, class Finish = NoFinish>
void gemm_cell(const Gemm<T>& g, PackedB<T> packed_b, long i0, long i1, long p0, long p1,
               Finish finish = {}) {
  const bool packs_b = g.packs_b(), padded = g.padded();
  const long stride = g.panel_stride();
  // Panels of a single vector come last; their tiles are taller.
  const long narrow = g.panel_width(p1 - 1) == NR<T> ? p1 : stride < NR<T> ? p0 : p1 - 1;
  const RowTiles tiles(i1 - i0, MR), tall_tiles(i1 - i0, packed_a ? MR : MAX_TILE_ROWS);
  const TilePair<T> wide_tile(tiles, NV, packed_a), narrow_tile(tiles, 1, packed_a),
      tall_tile(tall_tiles, 1, packed_a);
  for (long block = 0; block < g.k_blocks(); block++) {
    const long k0 = g.k_begin(block), kn = g.k_begin(block + 1) - k0;
    const bool accumulate = g.accumulate || block > 0, last = block + 1 == g.k_blocks();
    const T* A = g.A + i0 * g.rsa + k0 * g.csa;
    if (packed_a) {
      T* packed = scratch<T>(Scratch::PACKED_A, (i1 - i0) * kn);
      pack_a(g, packed, i0, tiles, k0, kn);
      A = packed;
    }
    const auto pack_from = [&](long p) { // and the panels after it
      if (packed_b.while_multiplying && (p - p0) % PANELS_AT_ONCE == 0)
        pack_panels(g, packed_b, k0, kn, p, std::min(p + PANELS_AT_ONCE, p1));
    };
    const T* const block_b = packed_b.block(g, k0);
    const long panel_size = stride * kn;
    const auto multiply = [&](long p, long width, const RowTiles& rows, const TilePair<T>& tile,
                              long t) __attribute__((always_inline)) {
      const long j = padded ? 0 : std::min(p * stride, g.N - width), overlap = p * stride - j;
      const long i = rows.begin(t), mr = rows.height(t), n = padded ? g.N : width;
      const T* a = packed_a ? A + i * kn : A + i * g.rsa;
      const T* B = packs_b ? block_b + packed_b.slot(p) * panel_size : g.B + k0 * g.rsb + j;
      const long ldb = packs_b ? width : g.rsb;
      T* C = g.C + (i0 + i) * g.ldc + j;
      // Columns of the panel before get the same values once more, unless values are added to them.
      if (!padded && (overlap == 0 || !accumulate)) {
        tile(rows, t)(kn, a, g.rsa, g.csa, B, ldb, C, g.ldc, accumulate);
        if (last) finish(C, g.ldc, mr, j, n);
      } else {
        T buffer[MR * NR<T>];
        tile(rows, t)(kn, a, g.rsa, g.csa, B, ldb, buffer, width, false);
        for (long r = 0; r < mr; r++)
          copy_part(C + r * g.ldc + overlap, buffer + r * width + overlap, n - overlap, accumulate);
        if (last) finish(C + overlap, g.ldc, mr, j + overlap, n - overlap);
      }
    };
    if (kn <= SHORT_K && p0 < narrow) { // the arithmetic is little beside C: write C row by row
      for (long p = p0; p < p1; p++) pack_from(p);
      for (long t = 0; t < tiles.tiles; t++) {
        for (long p = p0; p < narrow; p++) multiply(p, NR<T>, tiles, wide_tile, t);
        if (narrow < p1) multiply(narrow, VL<T>, tiles, narrow_tile, t);
      }
    } else { // a panel of B stays in L1
      for (long p = p0; p < narrow; p++) {
        pack_from(p);
        for (long t = 0; t < tiles.tiles; t++) multiply(p, NR<T>, tiles, wide_tile, t);
      }
      for (long p = narrow; p < p1; p++) {
        pack_from(p);
        for (long t = 0; t < tall_tiles.tiles; t++) multiply(p, VL<T>, tall_tiles, tall_tile, t);
      }
    }
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
