// The register tile of the direct convolutions: matmul's, but the rows of A are found through two tables.
//
//   C[c_row[i] + j] (+)= sum over k < K of A[a_row[i] + a_step[k]] * B[k * ldb + j]      i < mr, j < columns
//
// Forward, a_row is where a pixel's window starts and a_step is where a tap lies inside of it: the matrix of all
// windows exists only as the sum of two offsets, whatever stride, dilation and groups are. The weight gradient sums
// over pixels instead of taps: it exchanges the two tables, and nothing else changes.
#pragma once
#include "common/vec.h"
#include <cstdint>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr int DIRECT_MR = 6; // rows: each needs an address in an integer register
constexpr int DIRECT_NV = STEPGRAD_ISA_LEVEL == 2 ? 4 : 2; // 6 x 4 sums of 32 vector registers, 6 x 2 of 16
template <class T> constexpr long DIRECT_NR = DIRECT_NV * VL<T>;
// Width of the packed panel of columns [column, n): whole vectors, and no more of them than needed, so that the panel lies
// in all sets of the cache.
template <class T> constexpr long panel_width(long n, long column) {
  const long vectors = (n - column + VL<T> - 1) / VL<T>;
  return (vectors < DIRECT_NV ? vectors : DIRECT_NV) * VL<T>;
}

// In elements, relative to the piece of the image that a thread works on.
using Offset = int32_t;

template <class T> struct DirectTile {
  long K;
  const T* A;
  const Offset *a_row, *a_step; // [mr], [K]
  const T* B;                   // [K, ldb]; whole vectors are read
  long ldb;
  T* C;
  const Offset* c_row; // [mr]
  long columns;        // 1 to DIRECT_NR; only so many are written
  bool accumulate;     // add to C instead of overwriting it
  const T* bias;       // [whole vectors], added at the end, or nullptr
  bool relu;           // negative results become 0
};

// Runs a tile of mr rows, 1 to DIRECT_MR.
template <class T> void run_direct_tile(int mr, const DirectTile<T>& g);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
