// Columns fewer than lanes, or not a multiple of them: several rows are taken for one.
//
// A matrix [rows, n] is also a matrix [rows / fold, fold * n]: column k * n + j holds every fold-th row of column j. With
// fold * n a multiple of the lanes there are only whole vectors. What is known of a column is repeated fold times, and
// what is summed down the wide columns is added up at the end. The rows that are left over, fewer than fold, go
// through the same loops at width n.
#pragma once
#include "common/vec.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

struct Fold {
  long fold, width;     // width = fold * n
  long wide_rows, rest; // rows = fold * wide_rows + rest
};

template <class T> Fold fold_rows(long rows, long n) {
  long fold = 1;
  while (fold * n % VL<T> != 0) fold *= 2; // VL is a power of two
  if (n >= 8 * VL<T> || rows < 4 * fold) fold = 1;
  return {fold, fold * n, rows / fold, rows % fold};
}

// out[0 .. fold * n) = x[0 .. n) again and again.
template <class T> void repeat(const T* x, long n, long fold, T* out) {
  for (long k = 0; k < fold; k++)
    for (long j = 0; j < n; j++) out[k * n + j] = x[j];
}

// total[j] = wide[j] + wide[n + j] + ... + rest[j], in this order.
template <class T> void fold_sums(const T* wide, const T* rest, long n, long fold, T* total) {
  for (long j = 0; j < n; j++) {
    T sum = 0;
    for (long k = 0; k < fold; k++) sum += wide[k * n + j];
    total[j] = sum + rest[j];
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
