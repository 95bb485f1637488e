// Top rung of the weight gradient: dW = patches^T dy on the register tile, summed over strips of pixels.
//
// What changes against naive: the sum over a strip's pixels stays in registers. Every strip adds to the same dW, so the
// strips are divided into at most 16 parts, each with a dW of its own; the parts are added in order at the end. Their
// number depends on the sizes alone: the same bits for any number of threads.
//
// Shapes: conv2d.h. 2 * N*OH*OW * K * O FLOPs with K = KH*KW*CG; dW is read and written once a strip.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/im2col.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long MAX_PARTS = 16, MAX_PARTS_BYTES = 64 << 20;

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "im2col", 10,
              "patches^T dy on the register tile; threads sum parts of the pixels, added in a fixed order",
              conv2d_weight_gradient_im2col)
template <class T> void conv2d_weight_gradient_im2col(const Conv2dWeightGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), pixels = out_pixels(s), per_image = strips<T>(s), size = K * s.O;
  if (size == 0) return;
  const long all_strips = s.N * per_image;
  const long parts =
      std::max(1L, std::min({all_strips, MAX_PARTS, MAX_PARTS_BYTES / (size * long(sizeof(T)))}));
  T* partial = scratch<T>(Scratch::PARTIAL, parts * size); // [parts, K, O]
  parallel_for(
      parts, double(s.N) * pixels * size / double(parts) * NS_PER_MULTIPLY_ADD, [&](long begin, long end) {
        for (long part = begin; part < end; part++) {
          T* dw = partial + part * size;
          std::fill(dw, dw + size, T(0));
          for (long item = all_strips * part / parts; item < all_strips * (part + 1) / parts; item++) {
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
        }
      });
  parallel_for(size, 0.3 * double(parts), [&](long begin, long end) {
    std::copy(partial + begin, partial + end, s.dw + begin);
    for (long part = 1; part < parts; part++)
      for (long i = begin; i < end; i++) s.dw[i] += partial[part * size + i];
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
