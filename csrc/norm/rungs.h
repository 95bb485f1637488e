// The simd rungs, which the threaded rungs call on their share of the rows.
#pragma once
#include "norm/norm.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> void layer_norm_simd(const LayerNormArgs<T>&);
template <class T> void layer_norm_gradient_simd(const LayerNormGradientArgs<T>&);
template <class T> void rms_norm_simd(const RmsNormArgs<T>&);
template <class T> void rms_norm_gradient_simd(const RmsNormGradientArgs<T>&);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
