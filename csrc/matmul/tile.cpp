// The register tiles, one function for each number of rows and vectors; see tile.h.
//
// Shapes: A [mr, K] (packed: [K, mr]), B [K, nv * VL], C [mr, nv * VL]. 2 * mr * nv * VL FLOPs for each k, on nv vector
// loads and mr broadcasts: 28 multiply-adds on 16 loads with AVX-512, 12 on 8 with AVX2.
#include "matmul/tile.h"
#include <utility>

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T, int mr, int nv, bool packed>
void tile(long K, const T* A, long rsa, long csa, const T* B, long ldb, T* C, long ldc, bool accumulate) {
  using V = vec<T>;
  if (packed) rsa = 1, csa = mr;
  V c[mr][nv];
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) { STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] = V{}; }
  T* c_row = C; // C is touched only at the end: it is on its way meanwhile
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    __builtin_prefetch(c_row, 1);
    __builtin_prefetch(c_row + nv * VL<T> - 1, 1);
    c_row += ldc;
    asm(""
        : "+r"(c_row)); // one running pointer: otherwise GCC computes all row addresses early and spills them
  }
  // A pointer to every third row: the two rows after it are within reach of one address with an index register.
  constexpr int REACH = 3, POINTERS = packed ? 1 : (mr + REACH - 1) / REACH;
  const T* row[POINTERS];
  STEPGRAD_UNROLL for (int p = 0; p < POINTERS; p++) row[p] = A + p * REACH * rsa;
  for (long k = 0; k < K; k++) {
    V b[nv];
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) b[j] = load(B + j * VL<T>);
    if (packed) {
      __builtin_prefetch(row[0] + 16 * mr);
    } else {
      __builtin_prefetch(row[0] + 8 * csa);
      __builtin_prefetch(B + 8 * ldb + nv * VL<T> - 1); // where the row starts, the tile before has read
    }
    STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
      const V a = splat(packed ? row[0][i] : row[i / REACH][i % REACH * rsa]);
      STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] += a * b[j];
    }
    STEPGRAD_UNROLL for (int p = 0; p < POINTERS; p++) {
      row[p] += csa;
      asm("" : "+r"(row[p])); // or GCC goes back to one pointer, with multiples of rsa on the stack
    }
    B += ldb;
  }
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) {
      T* p = C + j * VL<T>;
      store(p, accumulate ? load<T>(p) + c[i][j] : c[i][j]);
    }
    C += ldc;
    asm("" : "+r"(C));
  }
}

template <class T, int nv, bool packed, int... I>
TileFn<T> with_rows(int mr, std::integer_sequence<int, I...>) {
  static constexpr TileFn<T> tiles[] = {tile<T, I + 1, nv, packed>...};
  return tiles[mr - 1];
}

template <class T> TileFn<T> tile_of(int mr, int nv, bool packed) {
  constexpr auto rows = std::make_integer_sequence<int, MR>();
  if (nv == NV) return packed ? with_rows<T, NV, true>(mr, rows) : with_rows<T, NV, false>(mr, rows);
  if (packed) return with_rows<T, 1, true>(mr, rows);
  return with_rows<T, 1, false>(mr, std::make_integer_sequence<int, MAX_TILE_ROWS>());
}
template TileFn<float> tile_of<float>(int, int, bool);
template TileFn<double> tile_of<double>(int, int, bool);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
