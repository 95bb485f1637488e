// The simd rungs, which the threaded rungs call on their share of the rows.
#pragma once
#include "softmax/softmax.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> void softmax_simd(const SoftmaxArgs<T>&);
template <class T> void log_softmax_simd(const SoftmaxArgs<T>&);
template <class T> void softmax_gradient_simd(const SoftmaxGradientArgs<T>&);
template <class T> void log_softmax_gradient_simd(const SoftmaxGradientArgs<T>&);
template <class T> void cross_entropy_simd(const CrossEntropyArgs<T>&);
template <class T> void cross_entropy_gradient_simd(const CrossEntropyGradientArgs<T>&);
template <class T> void sparse_cross_entropy_simd(const SparseCrossEntropyArgs<T>&);
template <class T> void sparse_cross_entropy_gradient_simd(const SparseCrossEntropyGradientArgs<T>&);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
