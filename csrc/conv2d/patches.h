// Patches: the input window of each output pixel, laid out as a row, so that convolution becomes a matrix product.
//
//   patches [pixels, K], K = KH * KW * CG        y [pixels, OG]  = patches  W [K, OG]
//   patches' gradient = dy W^T                   dW [K, OG]      = patches^T dy
//
// im2col lays out all of them, KH * KW times the image; implicit_gemm a strip at a time, small enough to stay in L2.
#pragma once
#include "conv2d/conv2d.h"
#include "matmul/gemm.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long STRIP_BYTES = 128 << 10;

inline long patch_size(const Conv2dShape& s) { return s.KH * s.KW * s.CG; }
inline long out_pixels(const Conv2dShape& s) { return s.OH * s.OW; }

// Strips of an image: strip t is the output pixels [strip_begin(t), strip_begin(t + 1)).
template <class T> long strips(const Conv2dShape& s) {
  const long row_bytes = std::max(1L, patch_size(s)) * long(sizeof(T));
  return ceil_div(out_pixels(s), std::max(32L, STRIP_BYTES / row_bytes));
}
template <class T> long strip_begin(const Conv2dShape& s, long t) { return out_pixels(s) * t / strips<T>(s); }

// body(offset in the image's channels, offset in the patch, number of contiguous elements inside the image) for each
// piece of the window of output pixel (oh, ow); a length of `-n` means n elements outside the image.
template <class Body>
STEPGRAD_INLINE void for_each_run(const Conv2dShape& s, long group, long oh, long ow, Body body) {
  const long h0 = oh * s.stride_h - s.pad_h, w0 = ow * s.stride_w - s.pad_w;
  const bool contiguous = s.dilation_w == 1 && s.groups == 1; // then neighbouring taps of a row are one piece
  for (long kh = 0; kh < s.KH; kh++) {
    const long h = h0 + kh * s.dilation_h, patch = kh * s.KW * s.CG;
    if (h < 0 || h >= s.H) {
      body(0, patch, -s.KW * s.CG);
    } else if (contiguous) {
      const long left = std::min(s.KW, std::max(0L, -w0)), right = std::max(left, std::min(s.KW, s.W - w0));
      if (left > 0) body(0, patch, -left * s.CG);
      body((h * s.W + w0 + left) * s.C, patch + left * s.CG, (right - left) * s.CG);
      if (right < s.KW) body(0, patch + right * s.CG, -(s.KW - right) * s.CG);
    } else {
      for (long kw = 0; kw < s.KW; kw++) {
        const long w = w0 + kw * s.dilation_w;
        const bool inside = w >= 0 && w < s.W;
        body(inside ? (h * s.W + w) * s.C + group * s.CG : 0, patch + kw * s.CG, inside ? s.CG : -s.CG);
      }
    }
  }
}

// body(oh, ow) for the output pixels [begin, end) of an image.
template <class Body>
STEPGRAD_INLINE void for_each_pixel(const Conv2dShape& s, long begin, long end, Body body) {
  for (long pixel = begin, oh = begin / s.OW, ow = begin % s.OW; pixel < end; pixel++) {
    body(oh, ow);
    if (++ow == s.OW) ow = 0, oh++;
  }
}

// patches: [end - begin, K] of the output pixels [begin, end) of one image x: [H, W, C].
template <class T>
void gather_patches(const Conv2dShape& s, const T* x, long group, long begin, long end, T* patches) {
  const long last_vector =
      s.H * s.W * s.C - VL<T>; // from here on a whole vector would be read past the image
  for_each_pixel(s, begin, end, [&](long oh, long ow) {
    for_each_run(s, group, oh, ow, [&](long from, long to, long n) {
      long i = 0;
      for (; i < -n; i++) patches[to + i] = 0;
      for (; i + VL<T> <= n; i += VL<T>) store(patches + to + i, load(x + from + i));
      // A short rest goes as a whole vector too where it may: what hangs over is overwritten by the next piece.
      if (i < n && from + i <= last_vector)
        store(patches + to + i, load(x + from + i));
      else
        for (; i < n; i++) patches[to + i] = x[from + i];
    });
    patches += patch_size(s);
  });
}

// The transpose of gather_patches: adds each element back to the pixel it was taken from. dx: [H, W, C].
template <class T>
void scatter_patches(const Conv2dShape& s, const T* patches, long group, long begin, long end, T* dx) {
  for_each_pixel(s, begin, end, [&](long oh, long ow) {
    for_each_run(s, group, oh, ow, [&](long to, long from, long n) {
      long i = 0;
      for (; i + VL<T> <= n; i += VL<T>) store(dx + to + i, load<T>(dx + to + i) + load(patches + from + i));
      for (; i < n; i++) dx[to + i] += patches[from + i];
    });
    patches += patch_size(s);
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
