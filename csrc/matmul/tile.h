// The register tile: the innermost loop of every fast matrix product and convolution.
//
// C[mr, nv * VL] (+)= A[mr, K] B[K, nv * VL]. All mr x nv accumulators stay in vector registers for the whole loop
// over K, so each step costs nv vector loads of B, mr broadcasts of A and mr * nv fused multiply-adds, and no store.
//
// The order of the additions for one element of C depends on K alone, not on where in a tile the element lies: the
// result has the same bits however the product is cut into tiles and shared among threads.
#pragma once
#include "common/vec.h"

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
template <class T>
using TileFn = void (*)(long K, const T* A, long rsa, long csa, const T* B, long ldb, T* C, long ldc,
                        bool accumulate);

// The tile of mr rows and nv vectors, for A packed or in place: 1 to MR rows, or to MAX_TILE_ROWS where the tile is one
// vector wide and reads A in place. All of them are compiled once, in tile.cpp, and shared by every product and convolution.
template <class T> TileFn<T> tile_of(int mr, int nv, bool packed);
constexpr int MAX_TILE_ROWS = 2 * MR; // one vector of B leaves its registers to more rows

// to[j] = from[j], or += where `accumulate`, for j < n. The pieces have lengths known to the compiler: a masked
// store without masks.
template <class T> STEPGRAD_INLINE void copy_part(T* to, const T* from, long n, bool accumulate) {
  typedef T pair __attribute__((vector_size(2 * sizeof(T))));
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>)
    store(to + j, accumulate ? load(to + j) + load(from + j) : load(from + j));
  for (; j + 2 <= n; j += 2) {
    pair x, old;
    std::memcpy(&x, from + j, sizeof x);
    if (accumulate) std::memcpy(&old, to + j, sizeof old), x += old;
    std::memcpy(to + j, &x, sizeof x);
  }
  if (j < n) to[j] = accumulate ? to[j] + from[j] : from[j];
}

// Runs the tile of mr x n, n <= NR. Where n is not a whole number of vectors, C is reached through a small buffer.
template <class T, bool packed>
void run_tile(int mr, long n, long K, const T* A, long rsa, long csa, const T* B, long ldb, T* C, long ldc,
              bool accumulate) {
  const TileFn<T> f = tile_of<T>(mr, n > VL<T> ? NV : 1, packed);
  if (n % VL<T> == 0) {
    f(K, A, rsa, csa, B, ldb, C, ldc, accumulate);
    return;
  }
  T buffer[MR * NR<T>];
  f(K, A, rsa, csa, B, ldb, buffer, NR<T>, false);
  for (int i = 0; i < mr; i++) copy_part(C + i * ldc, buffer + i * NR<T>, n, accumulate);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
