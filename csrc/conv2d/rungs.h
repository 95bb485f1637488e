// The rungs that serve where another one cannot.
#pragma once
#include "conv2d/conv2d.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> void conv2d_direct(const Conv2dArgs<T>&);
template <class T> void conv2d_input_gradient_direct(const Conv2dInputGradientArgs<T>&);
template <class T> void conv2d_implicit_gemm(const Conv2dArgs<T>&);
template <class T> void conv2d_input_gradient_implicit_gemm(const Conv2dInputGradientArgs<T>&);
template <class T> void conv2d_weight_gradient_implicit_gemm(const Conv2dWeightGradientArgs<T>&);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
