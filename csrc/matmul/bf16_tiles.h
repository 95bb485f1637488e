// The matrix product on tiles of bfloat16, as Intel's AMX has them: how the factors are laid out and cut. The tiles
// themselves are a parameter: PortableTiles below, AmxTiles in bf16_amx.cpp.
//
// A tile holds 16 rows of 64 bytes; there are eight. One instruction adds the product of two tiles to a third:
//   C [16, 16] float  +=  A [16, 32] bfloat16  times  B [32, 16] bfloat16, stored as [16 pairs of rows, 16 columns, 2].
// Tiles 0 to 3 are a block of 32 x 32 of C, 4 and 5 the A beside it, 6 and 7 the B above it: four products on four loads.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "matmul/bf16.h"
#include "matmul/matmul.h"
#include <algorithm>
#include <type_traits>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long TILE = 16;             // rows of a tile, and columns of a tile of C
constexpr long BLOCK = 2 * TILE;      // rows and columns of a block of C
constexpr long DEPTH = 32;            // steps of K in a tile of A or B
constexpr long DEPTH_BLOCK = 16;      // tiles along K after which C is put down: panels of 32 KiB, for L1
constexpr long CELL = 4;              // blocks of C along each side of a cell, the unit that threads share
constexpr long FACTOR = TILE * DEPTH; // elements of a tile of A or B

// What a factor is packed as. A double stays a double, and then only portable tiles can hold it.
template <class T> using Packed = std::conditional_t<std::is_same_v<T, float>, uint16_t, T>;
STEPGRAD_INLINE uint16_t pack(float x) { return to_bf16(x); }
STEPGRAD_INLINE double pack(double x) { return x; }
STEPGRAD_INLINE float unpack(uint16_t x) { return from_bf16(x); }
STEPGRAD_INLINE double unpack(double x) { return x; }

// The eight tiles as arrays: what each instruction does, and what the cutting and packing below are tested with on
// CPUs that have none.
template <class T> struct PortableTiles {
  T c[4][TILE][TILE];
  const Packed<T>* factor[8];

  template <int t> void zero() { std::fill_n(&c[t][0][0], TILE * TILE, T(0)); }
  template <int t> void load(const T* C, long ldc) {
    for (long i = 0; i < TILE; i++) std::copy_n(C + i * ldc, TILE, c[t][i]);
  }
  template <int t> void load_factor(const Packed<T>* tile) { factor[t] = tile; }
  template <int t, int a, int b> void multiply() {
    for (long i = 0; i < TILE; i++)
      for (long pair = 0; pair < DEPTH / 2; pair++)
        for (long k = 0; k < 2; k++) {
          const T x = unpack(factor[a][i * DEPTH + pair * 2 + k]);
          const Packed<T>* row = factor[b] + pair * 2 * TILE + k;
          for (long j = 0; j < TILE; j++) c[t][i][j] += x * unpack(row[j * 2]);
        }
  }
  template <int t> void store(T* C, long ldc) {
    for (long i = 0; i < TILE; i++) std::copy_n(c[t][i], TILE, C + i * ldc);
  }
};

// C [32, 32] (+)= A B over n tiles of K. A: [n][2 tiles of rows], B: [n][2 tiles of columns].
template <class Tiles, class T>
void multiply_block(Tiles& tiles, long n, const Packed<T>* A, const Packed<T>* B, T* C, long ldc,
                    bool accumulate) {
  if (accumulate) {
    tiles.template load<0>(C, ldc), tiles.template load<1>(C + TILE, ldc);
    tiles.template load<2>(C + TILE * ldc, ldc), tiles.template load<3>(C + TILE * ldc + TILE, ldc);
  } else {
    tiles.template zero<0>(), tiles.template zero<1>(), tiles.template zero<2>(), tiles.template zero<3>();
  }
  for (long k = 0; k < n; k++, A += 2 * FACTOR, B += 2 * FACTOR) {
    tiles.template load_factor<4>(A), tiles.template load_factor<6>(B);
    tiles.template load_factor<7>(B + FACTOR), tiles.template load_factor<5>(A + FACTOR);
    tiles.template multiply<0, 4, 6>(), tiles.template multiply<1, 4, 7>();
    tiles.template multiply<2, 5, 6>(), tiles.template multiply<3, 5, 7>();
  }
  tiles.template store<0>(C, ldc), tiles.template store<1>(C + TILE, ldc);
  tiles.template store<2>(C + TILE * ldc, ldc), tiles.template store<3>(C + TILE * ldc + TILE, ldc);
}

// One panel of A: rows [i, i + 32), as [depth tiles][2][16 rows][32], zeros beyond the matrix.
template <class T> void pack_rows(const MatmulArgs<T>& g, const T* A, long i, Packed<T>* to) {
  for (long k = 0; k < g.K; k += DEPTH)
    for (long r = i; r < i + BLOCK; r++, to += DEPTH) {
      const long n = r < g.M ? std::min(DEPTH, g.K - k) : 0;
      const T* from = A + r * g.a_row + k * g.a_col;
      for (long d = 0; d < n; d++) to[d] = pack(from[d * g.a_col]);
      std::fill(to + n, to + DEPTH, Packed<T>(0));
    }
}

// One panel of B: columns [j, j + 32), as [depth tiles][2][16 pairs][16 columns][2], zeros beyond the matrix.
template <class T> void pack_columns(const MatmulArgs<T>& g, const T* B, long j, Packed<T>* to) {
  for (long k = 0; k < g.K; k += DEPTH)
    for (long c = j; c < j + BLOCK; c += TILE, to += FACTOR) {
      const long rows = std::min(DEPTH, g.K - k), columns = std::clamp(g.N - c, 0L, TILE);
      if (rows < DEPTH || columns < TILE) std::fill_n(to, FACTOR, Packed<T>(0));
      for (long d = 0; d < rows; d++) {
        const T* from = B + (k + d) * g.b_row + c * g.b_col;
        Packed<T>* row = to + d / 2 * 2 * TILE + d % 2;
        for (long q = 0; q < columns; q++) row[q * 2] = pack(from[q * g.b_col]);
      }
    }
}

// One matrix of the batch. NaN and infinity meet the zeros of the padding only in rows and columns that nobody reads:
// along K both factors are padded.
template <class Tiles, class T>
void product_of_tiles(const MatmulArgs<T>& g, const T* A, const T* B, T* C, double ns_per_block) {
  const auto blocks = [](long n, long size) { return (n + size - 1) / size; };
  const long rows = blocks(g.M, BLOCK), columns = blocks(g.N, BLOCK), depth = blocks(g.K, DEPTH);
  const long panel = depth * 2 * FACTOR, cells = blocks(columns, CELL);
  if (rows == 0 || columns == 0) return;
  Packed<T>* packed_a = scratch<Packed<T>>(Scratch::PACKED_A, rows * panel);
  Packed<T>* packed_b = scratch<Packed<T>>(Scratch::PACKED_B, columns * panel);
  parallel_for(rows + columns, double(panel), [&](long begin, long end) {
    for (long p = begin; p < end; p++) {
      if (p < rows)
        pack_rows(g, A, p * BLOCK, packed_a + p * panel);
      else
        pack_columns(g, B, (p - rows) * BLOCK, packed_b + (p - rows) * panel);
    }
  });
  parallel_for(blocks(rows, CELL) * cells, ns_per_block * CELL * CELL * depth, [&](long begin, long end) {
    Tiles tiles;
    for (long cell = begin; cell < end; cell++) {
      const long r0 = cell / cells * CELL, c0 = cell % cells * CELL;
      for (long k = 0; k == 0 || k < depth; k += DEPTH_BLOCK)
        for (long c = c0; c < std::min(c0 + CELL, columns); c++)
          for (long r = r0; r < std::min(r0 + CELL, rows); r++) {
            const Packed<T>*a = packed_a + r * panel + k * 2 * FACTOR,
                  *b = packed_b + c * panel + k * 2 * FACTOR;
            const long n = std::min(DEPTH_BLOCK, depth - k);
            const long mr = std::min(BLOCK, g.M - r * BLOCK), nr = std::min(BLOCK, g.N - c * BLOCK);
            T* to = C + r * BLOCK * g.ldc + c * BLOCK;
            if (mr == BLOCK && nr == BLOCK) {
              multiply_block<Tiles, T>(tiles, n, a, b, to, g.ldc, k > 0);
              continue;
            }
            T edge[BLOCK * BLOCK];
            multiply_block<Tiles, T>(tiles, n, a, b, edge, BLOCK, false);
            for (long i = 0; i < mr; i++)
              for (long j = 0; j < nr; j++)
                to[i * g.ldc + j] = k > 0 ? to[i * g.ldc + j] + edge[i * BLOCK + j] : edge[i * BLOCK + j];
          }
    }
  });
}

template <class Tiles, class T> void matmul_on_tiles(const MatmulArgs<T>& g, double ns_per_block) {
  for (long b = 0; b < g.batch; b++)
    product_of_tiles<Tiles>(g, g.A + b * g.a_batch, g.B + b * g.b_batch, g.C + b * g.c_batch, ns_per_block);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
