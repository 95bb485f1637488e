// Transposes in registers: VL vectors of VL elements turn their rows into columns in log2(VL) rounds of interleaving,
// where moving the elements one by one would take VL * VL loads and stores.
#pragma once
#include "matmul/tile.h"
#include <algorithm>
#include <utility>

namespace stepgrad {
namespace STEPGRAD_ISA {

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define STEPGRAD_HAS_SHUFFLE 1
#endif
#endif

// One round: in rows i and i + S, the blocks of S elements that stand on the wrong side change places.
template <class T, int S, int... I>
STEPGRAD_INLINE void exchange_blocks(vec<T>* rows, std::integer_sequence<int, I...>) {
#ifdef STEPGRAD_HAS_SHUFFLE
  constexpr int L = int(VL<T>);
  STEPGRAD_UNROLL for (int i = 0; i < L; i++) {
    if (i & S) continue;
    const vec<T> a = rows[i], b = rows[i + S];
    rows[i] = __builtin_shufflevector(a, b, (I & S ? L + I - S : I)...);
    rows[i + S] = __builtin_shufflevector(a, b, (I & S ? L + I : I + S)...);
  }
#else
  for (int i = 0; i < int(VL<T>); i++)
    if (!(i & S))
      for (int j = 0; j < int(VL<T>); j++)
        if (j & S) std::swap(reinterpret_cast<T*>(rows + i)[j], reinterpret_cast<T*>(rows + i + S)[j - S]);
#endif
}

template <class T, int S = int(VL<T>) / 2> STEPGRAD_INLINE void transpose_block(vec<T>* rows) {
  exchange_blocks<T, S>(rows, std::make_integer_sequence<int, int(VL<T>)>());
  if constexpr (S > 1) transpose_block<T, S / 2>(rows);
}

// block[c] = column c of the matrix `from`: rn rows of cn elements, at most VL each; zeros below the last row.
template <class T>
STEPGRAD_INLINE void load_columns(const T* from, long ld, long rn, long cn, vec<T>* block) {
  constexpr int L = int(VL<T>);
  if (rn == L && cn == L) {
    STEPGRAD_UNROLL for (int i = 0; i < L; i++) block[i] = load(from + i * ld);
  } else {
    // A whole vector wherever the matrix goes on that far: columns from cn on are nobody's business.
    const long size = (rn - 1) * ld + cn;
    STEPGRAD_UNROLL for (int i = 0; i < L; i++) block[i] = i >= rn              ? vec<T>{}
                                                           : i * ld + L <= size ? load(from + i * ld)
                                                                                : load_n(from + i * ld, cn);
  }
  transpose_block<T>(block);
}

// to[c * to_ld + r] = from[r * from_ld + c] for r < rows, c < columns.
template <class T>
void transpose(const T* __restrict from, long from_ld, T* __restrict to, long to_ld, long rows,
               long columns) {
  constexpr long L = VL<T>;
  for (long c = 0; c < columns; c += L)
    for (long r = 0; r < rows; r += L) {
      const long rn = std::min(L, rows - r), cn = std::min(L, columns - c);
      vec<T> block[L];
      load_columns(from + r * from_ld + c, from_ld, rn, cn, block);
      T* out = to + c * to_ld + r;
      if (rn == L && cn == L) {
        STEPGRAD_UNROLL for (long i = 0; i < L; i++) store(out + i * to_ld, block[i]);
      } else {
        for (long i = 0; i < cn; i++)
          copy_part(out + i * to_ld, reinterpret_cast<const T*>(block + i), rn, false);
      }
    }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
