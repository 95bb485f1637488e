// Winograd's minimal filtering, F(2x2, 3x3): 16 multiplications for 2 x 2 results of a 3 x 3 filter instead of 36
// (Lavin and Gray, 2015).
//
//   y = A^T [ (G g G^T) * (B^T d B) ] A        d: 4 x 4 pixels, g: the 3 x 3 filter, *: entry by entry
//
// What changes against implicit_gemm: the sum over channels of each of the 16 entries is a matrix product of its own,
//   M[e] [tiles, O] = V[e] [tiles, C]  U[e] [C, O],
// so the register tile does 16/36 of the work. Price: the transforms, about 32 + 24 additions and 32 loads and stores a
// tile and channel, hence nothing is won with few channels (128 channels: 1.5 times as fast as direct; 32: slower).
//
// The other price is accuracy: B^T d B takes differences that A later adds up again. Measured on normal numbers in
// float32, root mean square of the error over that of the result: 5.0e-7 with 256 channels, where direct has 3.1e-7;
// with 512 7.0e-7 and 3.2e-7, with 64 2.6e-7 and 3.0e-7 (tests/kernels/test_winograd.py). That is why this is not the top rung.
//
// Only 3 x 3 filters with stride 1, no dilation, one group; everything else runs on `direct`.
//
// Shapes: conv2d.h. 2 * 16/4 * N*OH*OW * C * O FLOPs in the products.
#include "common/registry.h"
#include "conv2d/direct.h"
#include "conv2d/rungs.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long TILES = 48; // 2 x 2 results each, at a time: 16 entries of 48 tiles stay in L2

inline bool fits_winograd(const Conv2dShape& s) {
  return s.KH == 3 && s.KW == 3 && s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 &&
         s.dilation_w == 1 && s.groups == 1;
}

// x and y: as in Conv2dArgs, for any pads. tap(kh, kw, c, o) is the filter.
template <class T> struct Winograd : Conv2dShape {
  const T* x;
  T* y;
  long tiles_h() const { return ceil_div(OH, 2L); }
  long tiles_w() const { return ceil_div(OW, 2L); }
  long panels() const { return ceil_div(O, DIRECT_NR<T>); }

  // U: [16, panels, C, DIRECT_NR] = G g G^T.
  template <class Tap> void transform_filter(Tap tap, T* U) const {
    parallel_for(panels() * C, 60.0 * DIRECT_NR<T>, [&](long begin, long end) {
      for (long item = begin; item < end; item++)
        for (long j = 0; j < DIRECT_NR<T>; j++) {
          const long c = item % C, o = item / C * DIRECT_NR<T> + j;
          T rows[4][3] = {};
          for (long kw = 0; o < O && kw < 3; kw++) {
            const T g0 = tap(0, kw, c, o), g1 = tap(1, kw, c, o), g2 = tap(2, kw, c, o);
            rows[0][kw] = g0, rows[1][kw] = (g0 + g1 + g2) / 2, rows[2][kw] = (g0 - g1 + g2) / 2,
            rows[3][kw] = g2;
          }
          for (long i = 0; i < 4; i++) {
            const T *r = rows[i], u[4] = {r[0], (r[0] + r[1] + r[2]) / 2, (r[0] - r[1] + r[2]) / 2, r[2]};
            for (long k = 0; k < 4; k++) U[((i * 4 + k) * panels() * C + item) * DIRECT_NR<T> + j] = u[k];
          }
        }
    });
  }

  // V: [16, TILES, C], entry e of tile t at V + (e * TILES + t) * C: B^T d B.
  void transform_input(long tile, T* V) const {
    const long n = tile / (tiles_h() * tiles_w()), h0 = tile / tiles_w() % tiles_h() * 2 - pad_h,
               w0 = tile % tiles_w() * 2 - pad_w;
    for_each_strip<T>(C, [&](long c, long count) {
      vec<T> d[4][4], t[4][4];
      for (long i = 0; i < 4; i++)
        for (long j = 0; j < 4; j++) {
          const long h = h0 + i, w = w0 + j;
          const bool inside = h >= 0 && h < H && w >= 0 && w < W;
          d[i][j] = inside ? load_n(x + ((n * H + h) * W + w) * C + c, count) : vec<T>{};
        }
      for (long j = 0; j < 4; j++) {
        t[0][j] = d[0][j] - d[2][j], t[1][j] = d[1][j] + d[2][j];
        t[2][j] = d[2][j] - d[1][j], t[3][j] = d[1][j] - d[3][j];
      }
      for (long i = 0; i < 4; i++) {
        const vec<T> v[4] = {t[i][0] - t[i][2], t[i][1] + t[i][2], t[i][2] - t[i][1], t[i][1] - t[i][3]};
        for (long j = 0; j < 4; j++) store_n(V + (i * 4 + j) * TILES * C + c, v[j], count);
      }
    });
  }

  // y = A^T M A; M as V, with O channels.
  void transform_output(long tile, const T* M) const {
    const long n = tile / (tiles_h() * tiles_w()), h0 = tile / tiles_w() % tiles_h() * 2,
               w0 = tile % tiles_w() * 2;
    for_each_strip<T>(O, [&](long o, long count) {
      vec<T> t[2][4];
      for (long j = 0; j < 4; j++) {
        vec<T> m[4];
        for (long i = 0; i < 4; i++) m[i] = load_n(M + (i * 4 + j) * TILES * O + o, count);
        t[0][j] = m[0] + m[1] + m[2], t[1][j] = m[1] - m[2] - m[3];
      }
      for (long i = 0; i < 2 && h0 + i < OH; i++) {
        T* to = y + ((n * OH + h0 + i) * OW + w0) * O + o;
        store_n(to, t[i][0] + t[i][1] + t[i][2], count);
        if (w0 + 1 < OW) store_n(to + O, t[i][1] - t[i][2] - t[i][3], count);
      }
    });
  }

  template <class Tap> void run(Tap tap) const {
    T* U = scratch<T>(Scratch::PACKED_B, 16 * panels() * C * DIRECT_NR<T>);
    transform_filter(tap, U);
    std::vector<Offset> v_row, m_row, step;
    for (long t = 0; t < TILES; t++) v_row.push_back(Offset(t * C)), m_row.push_back(Offset(t * O));
    for (long c = 0; c < C; c++) step.push_back(Offset(c));
    const long tiles = N * tiles_h() * tiles_w();
    parallel_for(ceil_div(tiles, TILES), double(TILES * 16 * C * O) * NS_PER_MULTIPLY_ADD,
                 [&](long begin, long end) {
                   T *V = scratch<T>(Scratch::PATCHES, 16 * TILES * C),
                     *M = scratch<T>(Scratch::PRODUCT, 16 * TILES * O);
                   for (long strip = begin; strip < end; strip++) {
                     const long first = strip * TILES, count = std::min(TILES, tiles - first),
                                rows = ceil_div(count, DIRECT_MR);
                     for (long t = 0; t < count; t++) transform_input(first + t, V + t * C);
                     for (long e = 0; e < 16; e++)
                       for (long p = 0; p < panels(); p++) {
                         const long column = p * DIRECT_NR<T>;
                         DirectTile<T> tile{C,
                                            V + e * TILES * C,
                                            nullptr,
                                            step.data(),
                                            U + (e * panels() + p) * C * DIRECT_NR<T>,
                                            DIRECT_NR<T>,
                                            M + e * TILES * O + column,
                                            nullptr,
                                            std::min(DIRECT_NR<T>, O - column),
                                            false,
                                            nullptr,
                                            false};
                         for (long r = 0; r < rows; r++) {
                           const long t = count * r / rows;
                           tile.a_row = v_row.data() + t, tile.c_row = m_row.data() + t;
                           run_direct_tile(int(count * (r + 1) / rows - t), tile);
                         }
                       }
                     for (long t = 0; t < count; t++) transform_output(first + t, M + t * O);
                   }
                 });
  }
};

STEPGRAD_RUNG(
    Conv2dArgs, "conv2d", "winograd", 25,
    "3 x 3, stride 1: 16 multiplications instead of 36, with a little less accuracy; others: direct",
    conv2d_winograd)
template <class T> void conv2d_winograd(const Conv2dArgs<T>& s) {
  if (!fits_winograd(s)) return conv2d_direct(s);
  Winograd<T>{s, s.x, s.y}.run(
      [&](long kh, long kw, long c, long o) { return s.w[((kh * 3 + kw) * s.C + c) * s.O + o]; });
}

// A convolution of dy with the filter turned around and transposed.
STEPGRAD_RUNG(
    Conv2dInputGradientArgs, "conv2d_input_gradient", "winograd", 25,
    "3 x 3, stride 1: 16 multiplications instead of 36, with a little less accuracy; others: direct",
    conv2d_input_gradient_winograd)
template <class T> void conv2d_input_gradient_winograd(const Conv2dInputGradientArgs<T>& s) {
  if (!fits_winograd(s)) return conv2d_input_gradient_direct(s);
  const Conv2dShape over_dy{s.N, s.OH, s.OW, s.O,         3,           3, s.O, s.C, s.H,
                            s.W, 1,    1,    2 - s.pad_h, 2 - s.pad_w, 1, 1,   1};
  Winograd<T>{over_dy, s.dy, s.dx}.run(
      [&](long kh, long kw, long o, long c) { return s.w[(((2 - kh) * 3 + 2 - kw) * s.C + c) * s.O + o]; });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
