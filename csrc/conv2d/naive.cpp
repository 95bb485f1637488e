// Bottom rung of convolution and its two gradients: the definition.
//
// All three visit the same multiplications: output pixel (oh, ow), filter tap (kh, kw), input channel c, output channel
// o. Forward adds x * w into y, the input gradient adds dy * w into dx, the weight gradient adds x * dy into dw.
// Why it is slow: every multiplication loads and stores its sum; nothing is kept in registers.
//
// Shapes and costs: conv2d.h.
#include "common/registry.h"
#include "conv2d/conv2d.h"
#include "conv2d/epilogue.h"
#include <algorithm>

namespace stepgrad {
namespace {

// Calls visit(input index, filter index, output index) for every multiplication of a convolution; the three are the
// offsets of the first output channel of a group, with OG output channels from there on.
template <class Visit> void for_each_tap(const Conv2dShape& s, Visit visit) {
  for (long n = 0; n < s.N; n++)
    for (long oh = 0; oh < s.OH; oh++)
      for (long ow = 0; ow < s.OW; ow++)
        for (long kh = 0; kh < s.KH; kh++)
          for (long kw = 0; kw < s.KW; kw++) {
            long h = oh * s.stride_h + kh * s.dilation_h - s.pad_h,
                 w = ow * s.stride_w + kw * s.dilation_w - s.pad_w;
            if (h < 0 || h >= s.H || w < 0 || w >= s.W) continue; // padding: zeros
            for (long c = 0; c < s.C; c++) {
              long group = c / s.CG;
              visit(((n * s.H + h) * s.W + w) * s.C + c,
                    ((kh * s.KW + kw) * s.CG + c % s.CG) * s.O + group * s.OG(),
                    ((n * s.OH + oh) * s.OW + ow) * s.O + group * s.OG());
            }
          }
}

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "naive", 0, "the definition: seven loops, every sum goes through memory",
              conv2d_naive)
template <class T> void conv2d_naive(const Conv2dArgs<T>& g) {
  std::fill(g.y, g.y + g.N * g.OH * g.OW * g.O, T(0));
  for_each_tap(g, [&](long x, long w, long y) {
    for (long o = 0; o < g.OG(); o++) g.y[y + o] += g.x[x] * g.w[w + o];
  });
}

STEPGRAD_RUNG(Conv2dBiasArgs, "conv2d_bias", "naive", 0, "the definition, then a second pass over the result",
              conv2d_bias_naive)
template <class T> void conv2d_bias_naive(const Conv2dBiasArgs<T>& g) {
  conv2d_naive<T>(g);
  STEPGRAD_ISA::add_bias(g);
}

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "naive", 0,
              "the definition: seven loops, every sum goes through memory", conv2d_input_gradient_naive)
template <class T> void conv2d_input_gradient_naive(const Conv2dInputGradientArgs<T>& g) {
  std::fill(g.dx, g.dx + g.N * g.H * g.W * g.C, T(0));
  for_each_tap(g, [&](long x, long w, long y) {
    for (long o = 0; o < g.OG(); o++) g.dx[x] += g.dy[y + o] * g.w[w + o];
  });
}

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "naive", 0,
              "the definition: seven loops, every sum goes through memory", conv2d_weight_gradient_naive)
template <class T> void conv2d_weight_gradient_naive(const Conv2dWeightGradientArgs<T>& g) {
  std::fill(g.dw, g.dw + g.KH * g.KW * g.CG * g.O, T(0));
  for_each_tap(g, [&](long x, long w, long y) {
    for (long o = 0; o < g.OG(); o++) g.dw[w + o] += g.x[x] * g.dy[y + o];
  });
}

} // namespace
} // namespace stepgrad
