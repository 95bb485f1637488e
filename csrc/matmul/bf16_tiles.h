// The block of a bfloat16 product (bf16_blocks.h) on tiles, as Intel's AMX has them. The tiles themselves are a parameter:
// PortableTiles below, AmxTiles in bf16_amx.cpp.
//
// A tile holds 16 rows of 64 bytes; there are eight. One instruction adds the product of two tiles to a third:
//   C [16, 16] float  +=  A [16, 32] bfloat16  times  B [32, 16] bfloat16, stored as [16 pairs of rows, 16 columns, 2].
// Tiles 0 to 3 are a block of 32 x 32 of C, 4 and 5 the A beside it, 6 and 7 the B above it: four products on four loads.
#pragma once
#include "matmul/bf16_blocks.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

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

// The same for a block at the edge of C, too: through a buffer.
template <class Tiles, class T> struct TileBlocks {
  Tiles tiles;
  template <class Then>
  void operator()(long K, const Packed<T>* A, const Packed<T>* B, T* C, long ldc, long rows, long columns,
                  bool accumulate, Then then) {
    const long n = ceil_div(K, DEPTH);
    if (rows == BLOCK && columns == BLOCK) {
      multiply_block<Tiles, T>(tiles, n, A, B, C, ldc, accumulate);
    } else {
      T edge[BLOCK * BLOCK];
      multiply_block<Tiles, T>(tiles, n, A, B, edge, BLOCK, false);
      for (long i = 0; i < rows; i++) copy_part(C + i * ldc, edge + i * BLOCK, columns, accumulate);
    }
    then(C, rows);
  }
};

template <class T> struct PortableBlocks : TileBlocks<PortableTiles<T>, T> {
  static constexpr double NS_PER_PACKED = 1, NS_PER_BLOCK = 20000;
};

} // namespace STEPGRAD_ISA
} // namespace stepgrad
