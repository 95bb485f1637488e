// Implicit GEMM, input gradient: the gradient of a strip of patches is a matrix product; each patch is added back to the
// pixels it came from (im2col backwards, "col2im") while the strip is still in L2.
//
// Windows overlap, so two strips of an image may not be added at the same time: threads share out whole images, and
// within one the order is fixed.
//
// Shapes: conv2d.h. 2 * N*OH*OW * O * K FLOPs with K = KH*KW*CG, and N*OH*OW * K additions through memory.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/patches.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "implicit_gemm", 20,
              "dy W^T on the register tile, then rows are added back to their windows; threaded over images",
              conv2d_input_gradient_implicit_gemm)
template <class T> void conv2d_input_gradient_implicit_gemm(const Conv2dInputGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), pixels = out_pixels(s), per_image = strips<T>(s), image = s.H * s.W * s.C;
  std::fill(s.dx, s.dx + s.N * image, T(0));
  for (long group = 0; group < s.groups; group++) {
    // W^T: [OG, K] out of [K, O].
    const Gemm<T> all{s.N * pixels,         K, s.OG(), nullptr, s.O, 1,
                      s.w + group * s.OG(), 1, s.O,    nullptr, K,   false};
    if (all.M == 0 || all.N == 0) return;
    const PackedB<T> packed = pack_b(all, InParallel());
    parallel_for(s.N, double(pixels) * K * s.OG() * NS_PER_MULTIPLY_ADD, [&](long begin, long end) {
      for (long n = begin; n < end; n++)
        for (long t = 0; t < per_image; t++) {
          const long p0 = strip_begin<T>(s, t), p1 = strip_begin<T>(s, t + 1);
          Gemm<T> strip = all;
          strip.A = s.dy + (n * pixels + p0) * s.O + group * s.OG();
          strip.C = scratch<T>(Scratch::PATCHES, (p1 - p0) * K);
          gemm_cell<T, false>(strip, packed, 0, p1 - p0, 0, strip.panels());
          scatter_patches(s, strip.C, group, p0, p1, s.dx + n * image);
        }
    });
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
