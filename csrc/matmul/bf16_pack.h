// How the factors of a bfloat16 product are laid out: in pairs along K, as the instructions want them (Intel's name for it is
// VNNI), and in panels of 32 rows of A or 32 columns of B, zeros beyond the matrix.
//
// A pair is a word of 32 bits, and a tile 16 lines (rows of A, columns of B) of 16 pairs. A's tiles hold line after line,
// B's pair after pair: one is the other's transpose. So there are two ways to read a tile (K is what lies contiguous, or the
// lines are), two ways to write it, and what joins them is a transpose of words, or nothing: all four transpositions.
//
//   panel of A: [depth tiles][2 tiles][16 rows][16 pairs][2]       panel of B: [depth tiles][2 tiles][16 pairs][16 columns][2]
#pragma once
#include "matmul/bf16.h"
#include "matmul/panels.h"
#include <type_traits>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long TILE = 16;             // lines of a tile, and pairs
constexpr long BLOCK = 2 * TILE;      // lines of a panel
constexpr long DEPTH = 32;            // steps of K in a tile
constexpr long FACTOR = TILE * DEPTH; // elements of a tile

// What a factor is packed as. A double stays a double, and then only portable tiles can hold it.
template <class T> using Packed = std::conditional_t<std::is_same_v<T, float>, uint16_t, T>;
STEPGRAD_INLINE uint16_t pack(float x) { return to_bf16(x); }
STEPGRAD_INLINE double pack(double x) { return x; }
STEPGRAD_INLINE float unpack(uint16_t x) { return from_bf16(x); }
STEPGRAD_INLINE double unpack(double x) { return x; }

// A, or B by its columns: element (line, k) at data[line * line_stride + k * k_stride]; one of the strides is 1.
template <class T> struct Factor {
  const T* data;
  long lines, depth, line_stride, k_stride;
  long panels() const { return ceil_div(lines, BLOCK); }
  const T* end() const { return data + (lines - 1) * line_stride + (depth - 1) * k_stride + 1; }
};

// to[16 lines][16 pairs][2], or [16 pairs][16 lines][2] where by_pairs. lines and depth may be less than 16 and 32.
template <bool by_pairs, class T>
void pack_tile(const T* from, const Factor<T>& f, long lines, long depth, Packed<T>* to) {
  for (long line = 0; line < TILE; line++)
    for (long k = 0; k < DEPTH; k++) {
      const long word = by_pairs ? k / 2 * TILE + line : line * TILE + k / 2;
      to[word * 2 + k % 2] =
          line < lines && k < depth ? pack(from[line * f.line_stride + k * f.k_stride]) : Packed<T>(0);
    }
}

#if STEPGRAD_ISA_LEVEL >= 3 && defined(STEPGRAD_HAS_SHUFFLE) // AVX512_BF16

typedef uint16_t vec_bf16 __attribute__((vector_size(64)));

// 32 floats rounded as by to_bf16, except that numbers below 1e-38 become 0: the products would read them as 0.
STEPGRAD_INLINE vec_bf16 round_two(vec<float> low, vec<float> high) {
  vec_bf16 y;
  asm("vcvtne2ps2bf16 %2, %1, %0" : "=v"(y) : "v"(high), "v"(low));
  return y;
}

// n elements (none if n < 0), zeros in the other lanes; nothing from `end` on is read.
STEPGRAD_INLINE vec<float> load_lanes(const float* p, long n, const float* end) {
  if (n >= VL<float>) return load(p);
  if (n <= 0) return vec<float>{};
  return p + VL<float> <= end ? first_lanes<float>(load(p), n) : load_part(p, n, 0.0f);
}

// Words are only moved here, so that it does not matter that their vectors are called float's.
template <bool by_pairs>
void pack_tile(const float* from, const Factor<float>& f, long lines, long depth, uint16_t* to) {
  constexpr long L = VL<float>;
  const float* const end = f.end();
  vec<float> words[TILE];
  if (f.k_stride == 1) {
    STEPGRAD_UNROLL for (long i = 0; i < TILE; i++) {
      const float* line = from + i * f.line_stride;
      const long n = i < lines ? depth : 0;
      words[i] =
          reinterpret_cast<vec<float>>(round_two(load_lanes(line, n, end), load_lanes(line + L, n - L, end)));
    }
  } else {
    STEPGRAD_UNROLL for (long i = 0; i < TILE; i++) {
      const float* k = from + 2 * i * f.k_stride;
      const vec_bf16 two = round_two(load_lanes(k, 2 * i < depth ? lines : 0, end),
                                     load_lanes(k + f.k_stride, 2 * i + 1 < depth ? lines : 0, end));
      words[i] = reinterpret_cast<vec<float>>(
          __builtin_shufflevector(two, two, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9,
                                  25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
    }
  }
  if ((f.k_stride == 1) == by_pairs) transpose_block<float>(words);
  STEPGRAD_UNROLL for (long i = 0; i < TILE; i++) std::memcpy(to + i * DEPTH, &words[i], sizeof words[i]);
}

#endif

inline long panel_size(long depth) { return ceil_div(depth, DEPTH) * 2 * FACTOR; }

// Panels [begin, end), steps [k, k + depth) of K: to[end - begin][panel_size(depth)]. In the order in which they lie in memory:
// along K, or, where the lines are contiguous, panel beside panel.
template <bool by_pairs, class T>
void pack_panels_of(const Factor<T>& f, long begin, long end, long k, long depth, Packed<T>* to) {
  const long tiles = ceil_div(depth, DEPTH), panels = end - begin, size = panel_size(depth);
  const bool along_k = f.k_stride == 1;
  for (long outer = 0; outer < (along_k ? panels : tiles); outer++)
    for (long inner = 0; inner < (along_k ? tiles : panels); inner++) {
      const long p = along_k ? outer : inner, t = along_k ? inner : outer, d = t * DEPTH;
      for (long half = 0; half < 2; half++) {
        const long line = (begin + p) * BLOCK + half * TILE;
        pack_tile<by_pairs>(f.data + line * f.line_stride + (k + d) * f.k_stride, f,
                            std::min(TILE, f.lines - line), std::min(DEPTH, depth - d),
                            to + p * size + (2 * t + half) * FACTOR);
      }
    }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
