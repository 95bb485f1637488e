// The register tile: the innermost loop of every fast matrix product and convolution.
//
// C[mr, nv * VL] (+)= A[mr, K] B[K, nv * VL]. All mr x nv accumulators stay in vector registers for the whole loop
// over K, so each step costs nv vector loads of B, mr broadcasts of A and mr * nv fused multiply-adds, and no store.
//
// The order of the additions for one element of C depends on K alone, not on where in a tile the element lies: the
// result has the same bits however the product is cut into tiles and shared among threads.
#pragma once
#include "common/vec.h"
#include <utility>

namespace stepgrad {
namespace STEPGRAD_ISA {

#if STEPGRAD_ISA_LEVEL == 2 || defined(__aarch64__)
constexpr int MR = 14; // 32 vector registers: 14 x 2 accumulators, 2 of B, 1 of A
#else
constexpr int MR = 6; // 16 vector registers: 6 x 2 accumulators, 2 of B, 1 of A
#endif
constexpr int NV = 2;
template <class T> constexpr long NR = NV * VL<T>; // columns of a full tile

// A: element (i, k) at A[i * rsa + k * csa]; packed: mr contiguous elements for each k.
// B: element (k, j) at B[k * ldb + j]; whole vectors are read.   C: element (i, j) at C[i * ldc + j].
template <class T, int mr, int nv, bool packed>
void tile(long K, const T* A, long rsa, long csa, const T* B, long ldb, T* C, long ldc, bool accumulate) {
  using V = vec<T>;
  if (packed) rsa = 1, csa = mr;
  V c[mr][nv];
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] = V{};
  }
  for (long k = 0; k < K; k++) {
    V b[nv];
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) b[j] = load(B + j * VL<T>);
    if (packed) __builtin_prefetch(A + 16 * mr);
    else __builtin_prefetch(B + 8 * ldb);
    STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
      const V a = splat(A[i * rsa]);
      STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] += a * b[j];
    }
    A += csa;
    B += ldb;
  }
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) {
      T* p = C + j * VL<T>;
      store(p, accumulate ? load<T>(p) + c[i][j] : c[i][j]);
    }
    C += ldc;
    asm("" : "+r"(C)); // one running pointer: otherwise GCC computes all row addresses early and spills them
  }
}

template <class T>
using TileFn = void (*)(long K, const T* A, long rsa, long csa, const T* B, long ldb, T* C, long ldc, bool accumulate);

template <class T, int nv, bool packed, int... I> TileFn<T> tile_of(int mr, std::integer_sequence<int, I...>) {
  static constexpr TileFn<T> tiles[] = {tile<T, I + 1, nv, packed>...};
  return tiles[mr - 1];
}

// Runs the tile of mr x n, n <= NR. Where n is not a whole number of vectors, C is reached through a small buffer.
template <class T, bool packed>
void run_tile(int mr, long n, long K, const T* A, long rsa, long csa, const T* B, long ldb, T* C, long ldc, bool accumulate) {
  constexpr auto rows = std::make_integer_sequence<int, MR>();
  TileFn<T> f = n > VL<T> ? tile_of<T, NV, packed>(mr, rows) : tile_of<T, 1, packed>(mr, rows);
  if (n % VL<T> == 0) {
    f(K, A, rsa, csa, B, ldb, C, ldc, accumulate);
    return;
  }
  T buffer[MR * NR<T>];
  f(K, A, rsa, csa, B, ldb, buffer, NR<T>, false);
  for (int i = 0; i < mr; i++)
    for (long j = 0; j < n; j++) C[i * ldc + j] = (accumulate ? C[i * ldc + j] : 0) + buffer[i * NR<T> + j];
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
