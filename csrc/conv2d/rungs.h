// The rungs that serve where a higher one cannot: a rung falls back by calling the one below.
#pragma once
#include "conv2d/conv2d.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> void conv2d_implicit_gemm(const Conv2dArgs<T>&);
template <class T> void conv2d_input_gradient_implicit_gemm(const Conv2dInputGradientArgs<T>&);
template <class T> void conv2d_weight_gradient_implicit_gemm(const Conv2dWeightGradientArgs<T>&);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
