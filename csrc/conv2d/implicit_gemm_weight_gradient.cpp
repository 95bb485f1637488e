// Implicit GEMM, weight gradient: dW = patches^T dy, summed over strips of patches that are in L2 only. Every strip adds
// to the same dW, so the strips are divided into parts, each with a dW of its own (parts.h).
//
// Shapes: conv2d.h. 2 * N*OH*OW * K * O FLOPs with K = KH*KW*CG; dW is read and written once a strip.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/patches.h"
#include "conv2d/parts.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "implicit_gemm", 20,
              "strips of patches^T times dy; threads sum parts of the pixels in a fixed order",
              conv2d_weight_gradient_implicit_gemm)
template <class T> void conv2d_weight_gradient_implicit_gemm(const Conv2dWeightGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), pixels = out_pixels(s), per_image = strips<T>(s), size = K * s.O;
  if (size == 0) return;
  sum_of_parts(s.N * per_image, double(pixels) / double(per_image) * size * NS_PER_MULTIPLY_ADD, s.dw, size,
               [&](long begin, long end, T* dw) {
                 for (long item = begin; item < end; item++) {
                   const long n = item / per_image, t = item % per_image;
                   const long p0 = strip_begin<T>(s, t), p1 = strip_begin<T>(s, t + 1);
                   T* patches = scratch<T>(Scratch::PATCHES, (p1 - p0) * K);
                   for (long group = 0; group < s.groups; group++) {
                     gather_patches(s, s.x + n * s.H * s.W * s.C, group, p0, p1, patches);
                     const T* dy = s.dy + (n * pixels + p0) * s.O + group * s.OG();
                     const Gemm<T> strip{K,   s.OG(), p1 - p0, patches, 1, K, dy, s.O, 1, dw + group * s.OG(),
                                         s.O, true};
                     gemm_cell<T, false>(strip, pack_b(strip, Serially()), 0, K, 0, strip.panels());
                   }
                 }
               });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
