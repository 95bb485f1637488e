// The tiles of direct_tile.h, one function for each number of rows and vectors. 2 * mr * columns FLOPs for each k, on
// one offset, mr broadcasts and nv vector loads: 12 multiply-adds on 9 loads with AVX2, 24 on 11 with AVX-512.
#include "conv2d/direct_tile.h"
#include <utility>

namespace stepgrad {
namespace STEPGRAD_ISA {

// From the sums in registers to C; the last vector of a row has `last` elements. Loops of their own for what a call may ask for:
// one branch each, instead of one for every vector.
template <class T, int mr, int nv>
STEPGRAD_INLINE void finish(const DirectTile<T>& g, vec<T> (&c)[mr][nv], long last) {
  const auto each = [&](auto body) {
    STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
      T* C = g.C + g.c_row[i];
      STEPGRAD_UNROLL for (int j = 0; j < nv; j++) body(c[i][j], C + j * VL<T>, j, j + 1 < nv ? VL<T> : last);
    }
  };
  if (g.accumulate) each([](vec<T>& z, T* C, int, long n) { z = load_n(C, n) + z; });
  if (g.bias) each([&](vec<T>& z, T*, int j, long) { z += load(g.bias + j * VL<T>); });
  if (g.relu) each([](vec<T>& z, T*, int, long) { z = z < 0 ? vec<T>{} : z; });
  each([](vec<T>& z, T* C, int, long n) { store_n(C, z, n); });
}

template <class T, int mr, int nv> void direct_tile(const DirectTile<T>& g) {
  using V = vec<T>;
  const T* a[mr];
  V c[mr][nv];
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    a[i] = g.A + g.a_row[i];
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] = V{};
  }
  const T* B = g.B;
  const long ldb = g.ldb;
  for (const Offset *step = g.a_step, *end = step + g.K; step < end; step++, B += ldb) {
    V b[nv];
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) b[j] = load(B + j * VL<T>);
    const long offset = *step;
    STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
      const V s = splat(a[i][offset]);
      STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] += s * b[j];
    }
  }
  if (g.columns == nv * VL<T>)
    finish<T, mr, nv>(g, c, VL<T>);
  else
    finish<T, mr, nv>(g, c, g.columns - (nv - 1) * VL<T>);
}

template <class T, int nv, int... I>
void with_rows(int mr, const DirectTile<T>& g, std::integer_sequence<int, I...>) {
  static constexpr void (*tiles[])(const DirectTile<T>&) = {direct_tile<T, I + 1, nv>...};
  tiles[mr - 1](g);
}

template <class T, int... J>
void with_vectors(int mr, const DirectTile<T>& g, std::integer_sequence<int, J...>) {
  constexpr auto rows = std::make_integer_sequence<int, DIRECT_MR>();
  static constexpr void (*by_vectors[])(int, const DirectTile<T>&, decltype(rows)) = {with_rows<T, J + 1>...};
  by_vectors[(g.columns + VL<T> - 1) / VL<T> - 1](mr, g, rows);
}

template <class T> void run_direct_tile(int mr, const DirectTile<T>& g) {
  with_vectors(mr, g, std::make_integer_sequence<int, DIRECT_NV>());
}
template void run_direct_tile<float>(int, const DirectTile<float>&);
template void run_direct_tile<double>(int, const DirectTile<double>&);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
