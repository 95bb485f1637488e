// What the normalizations on vectors share: loops over a row, and sums over rows that threads share.
#pragma once
#include "common/thread_pool.h"
#include "common/vec.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

// f(j, count) for strips of a row: `count` is a constant but for the last one, so that loads of whole vectors stay single
// instructions.
template <class T, class F> STEPGRAD_INLINE void each_strip(long n, F f) {
  long j = 0;
  for (; j + VL<T> <= n; j += VL<T>) f(j, VL<T>);
  if (j < n) f(j, n - j);
}

template <class T> STEPGRAD_INLINE vec<T> load_strip(const T* p, long count, T rest) {
  return count == VL<T> ? load(p) : load_part(p, count, rest);
}

// K sums over a row. add(j, count, sum) adds a strip to sum[0..K); four sets of sums take turns, so that no addition waits
// for the one before it.
template <class T, int K, class F> STEPGRAD_INLINE void row_sums(long n, T* result, F add) {
  vec<T> sum[4][K] = {};
  long j = 0;
  for (; j + 4 * VL<T> <= n; j += 4 * VL<T>) {
    STEPGRAD_UNROLL for (long turn = 0; turn < 4; turn++) add(j + turn * VL<T>, VL<T>, sum[turn]);
  }
  for (; j < n; j += VL<T>) add(j, std::min(VL<T>, n - j), sum[0]);
  for (int k = 0; k < K; k++)
    result[k] = fold_lanes<T>((sum[0][k] + sum[1][k]) + (sum[2][k] + sum[3][k]),
                              [](auto a, auto b) { return a + b; });
}

// How many rows make one block of a sum over rows. It depends on the size alone, never on the threads: at least 32, and at
// most about 256 blocks, so that neither the sums in a block nor the sum of the blocks gets long.
inline long rows_of_block(long rows) { return std::max(32L, (rows + 255) / 256); }
inline long blocks_of(long rows) { return (rows + rows_of_block(rows) - 1) / rows_of_block(rows); }

// total[j] = partial[0][j] + partial[1][j] + ..., in this order; partial is [blocks, n].
template <class T, class Loop> void sum_blocks(const T* partial, long blocks, long n, T* total, Loop loop) {
  loop((n + VL<T> - 1) / VL<T>, 2.0 * double(blocks), [&](long begin, long end) {
    for (long strip = begin; strip < end; strip++) {
      const long j = strip * VL<T>, count = std::min(VL<T>, n - j);
      vec<T> sum{};
      for (long b = 0; b < blocks; b++) sum += load_n(partial + b * n + j, count);
      store_n(total + j, sum, count);
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
