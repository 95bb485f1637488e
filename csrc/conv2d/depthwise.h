// Depthwise convolution: as many groups as channels, one filter each. There is no product of matrices in it, only
// KH * KW multiply-adds for each element, so im2col would gain nothing; vectors lie across the channels instead.
#pragma once
#include "common/thread_pool.h"
#include "common/vec.h"
#include "conv2d/conv2d.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

inline bool is_depthwise(const Conv2dShape& s) { return s.CG == 1 && s.OG() == 1 && s.C > 1; }

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

template <class T> void depthwise(const Conv2dArgs<T>& s) {
  parallel_for(s.N * s.OH, 0.3 * double(s.OW * s.C * s.KH * s.KW), [&](long begin, long end) {
    for (long row = begin; row < end; row++)
      for (long ow = 0; ow < s.OW; ow++)
        for_each_strip<T>(s.C, [&](long c, long n) {
          vec<T> sum{};
          const T* image = s.x + row / s.OH * s.H * s.W * s.C + c;
          for_each_inner_tap(s, row % s.OH, ow, [&](long k, long pixel) {
            sum += load_n(image + pixel, n) * load_n(s.w + k * s.C + c, n);
          });
          store_n(s.y + (row * s.OW + ow) * s.C + c, sum, n);
        });
  });
}

// Windows overlap: threads share out whole images.
template <class T> void depthwise(const Conv2dInputGradientArgs<T>& s) {
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

// Threads share out the channels. Each row of pixels has a sum of its own: long float sums stay accurate.
template <class T> void depthwise(const Conv2dWeightGradientArgs<T>& s) {
  const long taps = s.KH * s.KW, strips = (s.C + VL<T> - 1) / VL<T>;
  parallel_for(strips * taps, 0.3 * double(s.N * s.OH * s.OW * VL<T>), [&](long begin, long end) {
    for (long item = begin; item < end; item++) {
      const long k = item % taps, c = item / taps * VL<T>, n = std::min(VL<T>, s.C - c);
      const long w0 = k % s.KW * s.dilation_w - s.pad_w;
      vec<T> sum{};
      for (long row = 0; row < s.N * s.OH; row++) {
        const long h = row % s.OH * s.stride_h + k / s.KW * s.dilation_h - s.pad_h;
        if (h < 0 || h >= s.H) continue;
        const T *x = s.x + (row / s.OH * s.H + h) * s.W * s.C + c, *dy = s.dy + row * s.OW * s.C + c;
        vec<T> row_sum{};
        for (long ow = 0, w = w0; ow < s.OW; ow++, w += s.stride_w)
          if (w >= 0 && w < s.W) row_sum += load_n(x + w * s.C, n) * load_n(dy + ow * s.C, n);
        sum += row_sum;
      }
      store_n(s.dw + k * s.C + c, sum, n);
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
