// Top rung of convolution forward: no patches at all. The register tile reads the image where it lies.
//
// What changes against implicit_gemm: each address is the sum of two table entries, so nothing is gathered; the image is
// copied at most once, where it needs a frame of zeros. Bands of rows are shared among threads, so one image is enough
// for all of them.
//
// Shapes: conv2d.h. 2 * N*OH*OW * K * O FLOPs with K = KH*KW*CG; reads N*H*W*C and writes N*OH*OW*O elements.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/epilogue.h"
#include "conv2d/rungs.h"
#include "conv2d/slide.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> void convolve(const Conv2dArgs<T>& s, const T* bias, bool relu);

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "direct", 30,
              "the register tile reads the image itself through two tables; threads share bands of rows",
              conv2d_direct)
template <class T> void conv2d_direct(const Conv2dArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  if (!offsets_fit(s)) return conv2d_implicit_gemm(s);
  convolve<T>(s, nullptr, false);
}

STEPGRAD_RUNG(
    Conv2dBiasArgs, "conv2d_bias", "direct", 30,
    "bias and ReLU are applied while the sums are still in registers: no second pass over the result",
    conv2d_bias_direct)
template <class T> void conv2d_bias_direct(const Conv2dBiasArgs<T>& s) {
  if (is_depthwise(s) || !offsets_fit(s)) {
    conv2d_direct<T>(s);
    return add_bias(s);
  }
  std::vector<T> bias(size_t(s.O + DIRECT_NR<T>), T(0)); // the tile reads whole vectors
  std::copy(s.bias, s.bias + s.O, bias.begin());
  convolve<T>(s, bias.data(), s.relu);
}

template <class T> void convolve(const Conv2dArgs<T>& s, const T* bias, bool relu) {
  const long K = s.KH * s.KW * s.CG, panels = ceil_div(s.OG(), DIRECT_NR<T>);
  if (s.N * s.OH * s.OW == 0 || s.O == 0) return;
  T* packed = scratch<T>(Scratch::PACKED_B, panels * K * DIRECT_NR<T>);
  for (long group = 0; group < s.groups; group++) {
    parallel_for(panels, double(K) * 4, [&](long begin, long end) {
      for (long p = begin; p < end; p++) {
        const long column = p * DIRECT_NR<T>, width = panel_width<T>(s.OG(), column);
        pack_panel(packed + K * column, width, s.w + group * s.OG() + column, s.O, 1, K,
                   std::min(width, s.OG() - column));
      }
    });
    slide(Slide<T>{s, s.x + group * s.CG, packed, s.OG(), s.y + group * s.OG(), s.OH * s.OW * s.O, s.OW * s.O,
                   s.O, bias ? bias + group * s.OG() : nullptr, relu});
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
