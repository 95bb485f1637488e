// Depthwise convolution: as many groups as channels, one filter each. There is no product of matrices in it, only
// KH * KW multiply-adds for each element, so im2col would gain nothing; vectors lie across the channels instead.
#pragma once
#include "conv2d/conv2d.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

inline bool is_depthwise(const Conv2dShape& s) { return s.CG == 1 && s.OG() == 1 && s.C > 1; }

template <class T> void depthwise(const Conv2dArgs<T>& s);
template <class T> void depthwise(const Conv2dInputGradientArgs<T>& s);
template <class T> void depthwise(const Conv2dWeightGradientArgs<T>& s);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
