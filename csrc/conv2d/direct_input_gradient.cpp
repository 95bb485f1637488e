// Top rung of the input gradient: it is a convolution too, so the same tile slides over dy.
//
// What changes against implicit_gemm: the filter is turned around (last tap first) and transposed (O -> CG) while it is
// packed, and dy is read where it lies. With stride s, the pixels h = a, a + s, a + 2s, ... meet only every s-th tap:
// each such phase is a dense convolution of its own with a part of the filter, so nothing multiplies by zeros.
//
// Shapes: conv2d.h. 2 * N*OH*OW * O * K FLOPs with K = KH*KW*CG; reads N*OH*OW*O and writes N*H*W*C elements.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/rungs.h"
#include "conv2d/slide.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// One axis of a phase: the pixels first, first + stride, ... of dx, and the taps that reach them.
struct Phase {
  long first, pixels;   // in dx
  long first_tap, taps; // kh = first_tap, first_tap + stride, ...
  long pad;             // the first of them sees dy from -pad on
  Phase(long a, long size, long K, long stride, long pad_x, long dilation) {
    first = a, pixels = ceil_div(std::max(0L, size - a), stride);
    first_tap = (a + pad_x) % stride;
    taps = ceil_div(std::max(0L, K - first_tap), stride);
    pad = (taps - 1) * dilation - (a + pad_x - first_tap) / stride;
  }
};

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "direct", 30,
              "a convolution of dy with the turned filter; with strides, one for each phase; threaded",
              conv2d_input_gradient_direct)
template <class T> void conv2d_input_gradient_direct(const Conv2dInputGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const bool strided = s.stride_h > 1 || s.stride_w > 1, dilated = s.dilation_h > 1 || s.dilation_w > 1;
  const bool fills_vectors = 2 * s.CG > VL<T>; // im2col's product has KH * KW times as many columns
  if ((strided && dilated) || !fills_vectors || !offsets_fit(s))
    return conv2d_input_gradient_implicit_gemm(s);
  const long OG = s.OG(), panels = ceil_div(s.CG, DIRECT_NR<T>);
  for (long phase = 0; phase < s.stride_h * s.stride_w * s.groups; phase++) {
    const long group = phase % s.groups;
    const Phase v(phase / s.groups / s.stride_w, s.H, s.KH, s.stride_h, s.pad_h, s.dilation_h);
    const Phase h(phase / s.groups % s.stride_w, s.W, s.KW, s.stride_w, s.pad_w, s.dilation_w);
    const long taps = v.taps * h.taps;
    if (v.pixels == 0 || h.pixels == 0) continue;
    T* packed = scratch<T>(Scratch::PACKED_B, panels * taps * OG * DIRECT_NR<T>); // [panels, taps, OG, width]
    parallel_for(panels * taps, double(OG) * 16, [&](long begin, long end) {
      for (long item = begin; item < end; item++) {
        const long p = item / taps, t = taps - 1 - item % taps; // the last tap first
        const long kh = v.first_tap + t / h.taps * s.stride_h, kw = h.first_tap + t % h.taps * s.stride_w;
        const long column = p * DIRECT_NR<T>, width = panel_width<T>(s.CG, column);
        const T* w = s.w + ((kh * s.KW + kw) * s.CG + column) * s.O + group * OG;
        pack_panel(packed + (taps * column + item % taps * width) * OG, width, w, 1, s.O, OG,
                   std::min(width, s.CG - column));
      }
    });
    Conv2dShape over_dy{s.N,      s.OH, s.OW, s.O,   v.taps, h.taps,       OG,           s.CG, v.pixels,
                        h.pixels, 1,    1,    v.pad, h.pad,  s.dilation_h, s.dilation_w, 1};
    slide(Slide<T>{over_dy, s.dy + group * OG, packed, s.CG,
                   s.dx + (v.first * s.W + h.first) * s.C + group * s.CG, s.H * s.W * s.C,
                   s.stride_h * s.W * s.C, s.stride_w * s.C, nullptr, false});
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
