// Depthwise convolution (depthwise.h), forward and both gradients: no rung of its own, every rung of conv2d calls it.
#include "conv2d/depthwise.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "conv2d/parts.h"
#include <algorithm>
#include <vector>

namespace stepgrad {
namespace STEPGRAD_ISA {

// tap(kh * KW + kw, offset of its input pixel in the image) for the taps of output pixel (oh, ow) inside the image.
template <class Tap>
STEPGRAD_INLINE void for_each_inner_tap(const Conv2dShape& s, long oh, long ow, Tap tap) {
  for (long kh = 0; kh < s.KH; kh++) {
    const long h = oh * s.stride_h + kh * s.dilation_h - s.pad_h;
    if (h < 0 || h >= s.H) continue;
    for (long kw = 0; kw < s.KW; kw++) {
      const long w = ow * s.stride_w + kw * s.dilation_w - s.pad_w;
      if (w >= 0 && w < s.W) tap(kh * s.KW + kw, (h * s.W + w) * s.C);
    }
  }
}

// P pixels from ow on, windows inside the image in width: each filter vector is loaded once for all of them, and their
// sums do not wait for each other.
template <class T, int P>
STEPGRAD_INLINE void depthwise_pixels(const Conv2dArgs<T>& s, long row, long ow, long c, long n) {
  vec<T> sum[P] = {};
  for (long kh = 0; kh < s.KH; kh++) {
    const long h = row % s.OH * s.stride_h + kh * s.dilation_h - s.pad_h;
    if (h < 0 || h >= s.H) continue;
    const T* x = s.x + ((row / s.OH * s.H + h) * s.W + ow * s.stride_w - s.pad_w) * s.C + c;
    for (long kw = 0; kw < s.KW; kw++, x += s.dilation_w * s.C) {
      const vec<T> w = load_n(s.w + (kh * s.KW + kw) * s.C + c, n);
      STEPGRAD_UNROLL for (int p = 0; p < P; p++) sum[p] += load_n(x + p * s.stride_w * s.C, n) * w;
    }
  }
  STEPGRAD_UNROLL for (int p = 0; p < P; p++) store_n(s.y + (row * s.OW + ow + p) * s.C + c, sum[p], n);
}

template <class T> void depthwise(const Conv2dArgs<T>& s) {
  constexpr int P = 4;
  // The output columns [first, last) whose windows lie inside the image in width.
  const long first = std::min(s.OW, std::max(0L, (s.pad_w + s.stride_w - 1) / s.stride_w));
  const long room = s.W + s.pad_w - (s.KW - 1) * s.dilation_w - 1;
  const long last = std::max(first, std::min(s.OW, room < 0 ? 0 : room / s.stride_w + 1));
  parallel_for(s.N * s.OH, 0.3 * double(s.OW * s.C * s.KH * s.KW), [&](long begin, long end) {
    for (long row = begin; row < end; row++)
      for_each_strip<T>(s.C, [&](long c, long n) {
        long ow = first;
        for (; ow + P <= last; ow += P) depthwise_pixels<T, P>(s, row, ow, c, n);
        for (; ow < last; ow++) depthwise_pixels<T, 1>(s, row, ow, c, n);
        for (ow = 0; ow < s.OW; ow++) {
          if (ow == first) ow = last; // done above
          if (ow == s.OW) break;
          vec<T> sum{};
          const T* image = s.x + row / s.OH * s.H * s.W * s.C + c;
          for_each_inner_tap(s, row % s.OH, ow, [&](long k, long pixel) {
            sum += load_n(image + pixel, n) * load_n(s.w + k * s.C + c, n);
          });
          store_n(s.y + (row * s.OW + ow) * s.C + c, sum, n);
        }
      });
  });
}

// With stride 1 the gradient is the convolution of dy with the filter turned around. Otherwise windows that overlap are
// added up, and threads share out whole images.
template <class T> void depthwise(const Conv2dInputGradientArgs<T>& s) {
  if (s.stride_h == 1 && s.stride_w == 1) {
    const long taps = s.KH * s.KW;
    std::vector<T> turned(size_t(taps * s.C));
    for (long k = 0; k < taps; k++)
      std::copy(s.w + k * s.C, s.w + (k + 1) * s.C, &turned[size_t((taps - 1 - k) * s.C)]);
    Conv2dArgs<T> over_dy{s, s.dy, turned.data(), s.dx};
    over_dy.H = s.OH, over_dy.W = s.OW, over_dy.OH = s.H, over_dy.OW = s.W;
    over_dy.pad_h = (s.KH - 1) * s.dilation_h - s.pad_h, over_dy.pad_w = (s.KW - 1) * s.dilation_w - s.pad_w;
    return depthwise(over_dy);
  }
  const long image = s.H * s.W * s.C;
  parallel_for(s.N, 0.4 * double(s.OH * s.OW * s.C * s.KH * s.KW), [&](long begin, long end) {
    std::fill(s.dx + begin * image, s.dx + end * image, T(0));
    for (long row = begin * s.OH; row < end * s.OH; row++)
      for (long ow = 0; ow < s.OW; ow++)
        for_each_strip<T>(s.C, [&](long c, long n) {
          const vec<T> dy = load_n(s.dy + (row * s.OW + ow) * s.C + c, n);
          for_each_inner_tap(s, row % s.OH, ow, [&](long k, long pixel) {
            T* dx = s.dx + row / s.OH * image + pixel + c;
            store_n(dx, load_n(dx, n) + dy * load_n(s.w + k * s.C + c, n), n);
          });
        });
  });
}

// A row of output pixels at a time, all taps while it is in L1; four sums a tap, which do not wait for each other.
template <class T> void depthwise(const Conv2dWeightGradientArgs<T>& s) {
  constexpr int P = 4;
  sum_of_parts(s.N * s.OH, 0.2 * double(s.OW * s.C * s.KH * s.KW), s.dw, s.KH * s.KW * s.C,
               [&](long begin, long end, T* dw) {
                 for (long row = begin; row < end; row++)
                   for (long k = 0; k < s.KH * s.KW; k++) {
                     const long h = row % s.OH * s.stride_h + k / s.KW * s.dilation_h - s.pad_h;
                     if (h < 0 || h >= s.H) continue;
                     const long left = k % s.KW * s.dilation_w - s.pad_w; // column of the tap for ow = 0
                     const long first = std::min(s.OW, std::max(0L, (-left + s.stride_w - 1) / s.stride_w));
                     const long last =
                         std::max(first, std::min(s.OW, (s.W - 1 - left + s.stride_w) / s.stride_w));
                     const T* x = s.x + ((row / s.OH * s.H + h) * s.W + left) * s.C;
                     for_each_strip<T>(s.C, [&](long c, long n) {
                       vec<T> sum[P] = {};
                       long ow = first;
                       for (; ow + P <= last; ow += P)
                         STEPGRAD_UNROLL for (int p = 0; p < P; p++) sum[p] +=
                             load_n(x + (ow + p) * s.stride_w * s.C + c, n) *
                             load_n(s.dy + (row * s.OW + ow + p) * s.C + c, n);
                       for (; ow < last; ow++)
                         sum[0] += load_n(x + ow * s.stride_w * s.C + c, n) *
                                   load_n(s.dy + (row * s.OW + ow) * s.C + c, n);
                       T* to = dw + k * s.C + c;
                       store_n(to, load_n(to, n) + ((sum[0] + sum[1]) + (sum[2] + sum[3])), n);
                     });
                   }
               });
}

template void depthwise(const Conv2dArgs<float>&);
template void depthwise(const Conv2dArgs<double>&);
template void depthwise(const Conv2dInputGradientArgs<float>&);
template void depthwise(const Conv2dInputGradientArgs<double>&);
template void depthwise(const Conv2dWeightGradientArgs<float>&);
template void depthwise(const Conv2dWeightGradientArgs<double>&);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
