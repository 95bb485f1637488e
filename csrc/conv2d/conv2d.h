// 2-D convolution, channels last. An output pixel (oh, ow) sees the input pixels
//   (oh * stride_h + kh * dilation_h - pad_h, ow * stride_w + kw * dilation_w - pad_w), 0 outside the image.
// With groups, output channel o reads only the input channels of its own group.
// 2 * N*OH*OW*O * KH*KW*(C/groups) FLOPs, forward and for each of the two gradients.
#pragma once

namespace stepgrad {

struct Conv2dShape {
  long N, H, W, C;    // input
  long KH, KW, CG, O; // filter [KH, KW, CG, O], CG = C / groups
  long OH, OW;        // output [N, OH, OW, O]
  long stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
  long OG() const { return O / groups; } // output channels of a group
};

template <class T> struct Conv2dArgs : Conv2dShape {
  const T* x; // [N, H, W, C]
  const T* w; // [KH, KW, CG, O]
  T* y;       // [N, OH, OW, O]
};

template <class T> struct Conv2dBiasArgs : Conv2dArgs<T> {
  const T* bias; // [O], added to each pixel of y
  bool relu;     // then negative results become 0
};

template <class T> struct Conv2dInputGradientArgs : Conv2dShape {
  const T* dy; // [N, OH, OW, O]
  const T* w;  // [KH, KW, CG, O]
  T* dx;       // [N, H, W, C]
};

template <class T> struct Conv2dWeightGradientArgs : Conv2dShape {
  const T* x;  // [N, H, W, C]
  const T* dy; // [N, OH, OW, O]
  T* dw;       // [KH, KW, CG, O]
};

} // namespace stepgrad
