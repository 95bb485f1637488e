// 2-D pooling, channels last. The window of output (oh, ow) covers the input pixels (oh * stride_h - pad_h + kh,
// ow * stride_w - pad_w + kw); the part of it that hangs over the edge does not count.
#pragma once
#include <algorithm>
#include <cstdint>

namespace stepgrad {

struct Pool2dShape {
  long N, H, W, C, OH, OW;
  long KH, KW, stride_h, stride_w, pad_h, pad_w;

  struct Window { // rows [h0, h1), columns [w0, w1) of the image
    long h0, h1, w0, w1;
    long count() const { return std::max(h1 - h0, 0L) * std::max(w1 - w0, 0L); }
  };
  Window window(long oh, long ow) const {
    long h = oh * stride_h - pad_h, w = ow * stride_w - pad_w;
    return {std::max(h, 0L), std::min(h + KH, H), std::max(w, 0L), std::min(w + KW, W)};
  }
};

// max_pool2d. The first of equal values wins; NaN wins over everything.
template <class T> struct MaxPool2dArgs : Pool2dShape {
  const T* x;      // [N, H, W, C]
  T* out;          // [N, OH, OW, C]
  int32_t* argmax; // [N, OH, OW, C]: h * W + w of the winner, -1 when the window lies outside the image
};

// KH = 0 when the windows are not known; otherwise every place lies inside its window.
template <class T> struct MaxPool2dGradientArgs : Pool2dShape {
  const T* dy;           // [N, OH, OW, C]
  const int32_t* argmax; // [N, OH, OW, C]; entries outside [0, H*W) are skipped
  T* dx;                 // [N, H, W, C]
};

template <class T> struct AveragePool2dArgs : Pool2dShape { // padding is not counted in the mean
  const T* x;                                               // [N, H, W, C]
  T* out;                                                   // [N, OH, OW, C]
};

template <class T> struct AveragePool2dGradientArgs : Pool2dShape {
  const T* dy; // [N, OH, OW, C]
  T* dx;       // [N, H, W, C]
};

} // namespace stepgrad
