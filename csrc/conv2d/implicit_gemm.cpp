// Implicit GEMM, forward: the product of im2col, but the matrix of patches never exists.
//
// What changes against im2col: a strip of patches is laid out in L2, multiplied by the filter, and overwritten by the
// next strip. The arithmetic is the same; the memory for KH * KW times the image, and the walk through it, are gone.
// Price that stays: the copy, about 1 load and 1 store against 2 * O FLOPs.
//
// Shapes: conv2d.h. 2 * N*OH*OW * K * O FLOPs with K = KH*KW*CG; N*OH*OW * (K + O) elements written, K of them in L2.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/patches.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "implicit_gemm", 20,
              "lays out a strip of windows in L2, then the register tile of matmul; threaded",
              conv2d_implicit_gemm)
template <class T> void conv2d_implicit_gemm(const Conv2dArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), pixels = out_pixels(s), per_image = strips<T>(s);
  for (long group = 0; group < s.groups; group++) {
    // The whole product, all images: what the filter is packed for. A and C are set strip by strip.
    const Gemm<T> all{s.N * pixels,         s.OG(), K, nullptr, K,   1,
                      s.w + group * s.OG(), s.O,    1, nullptr, s.O, false};
    if (all.M == 0 || all.N == 0) return;
    const PackedB<T> packed = pack_b(all, InParallel());
    const double ns = double(pixels) / double(per_image) * K * s.OG() * NS_PER_MULTIPLY_ADD;
    parallel_for(s.N * per_image, ns, [&](long begin, long end) {
      for (long item = begin; item < end; item++) {
        const long n = item / per_image, t = item % per_image;
        const long p0 = strip_begin<T>(s, t), p1 = strip_begin<T>(s, t + 1);
        T* patches = scratch<T>(Scratch::PATCHES, (p1 - p0) * K);
        gather_patches(s, s.x + n * s.H * s.W * s.C, group, p0, p1, patches);
        Gemm<T> strip = all;
        strip.A = patches, strip.C = s.y + (n * pixels + p0) * s.O + group * s.OG();
        gemm_cell<T, false>(strip, packed, 0, p1 - p0, 0, strip.panels());
      }
    });
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
