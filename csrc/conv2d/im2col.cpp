// im2col: convolution as one matrix product, as the textbooks have it. All patches are written to memory, and a fast
// matmul does the rest (Chellapilla, Puri and Simard, 2006).
//
// What changes against naive: the sums live in registers, and each loaded filter vector serves 6 or 14 pixels.
// Price: a matrix KH * KW times as large as the images, written and read again; for big images memory is all it waits for.
//
// Shapes: conv2d.h. P = N*OH*OW patches of K = KH*KW*CG elements:
//   y [P, OG] = patches [P, K]  W [K, OG]        d patches = dy W^T        dW = patches^T dy
// 2 * P * K * O FLOPs each, and P * K elements written and read.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/patches.h"
#include <memory>

namespace stepgrad {
namespace STEPGRAD_ISA {

// All patches of a group: [P, K].
template <class T> std::unique_ptr<T[]> all_patches(const Conv2dShape& s, const T* x, long group) {
  const long K = patch_size(s), pixels = out_pixels(s);
  std::unique_ptr<T[]> patches(new T[size_t(s.N * pixels * K)]);
  // gather_patches stores whole vectors, which hang over: the last rows of an image take a detour, because what lies
  // behind them may belong to another thread.
  const long last = std::min(pixels, VL<T>), first = pixels - last;
  parallel_for(s.N, double(pixels * K), [&](long begin, long end) {
    T* detour = scratch<T>(Scratch::PATCHES, last * K);
    for (long n = begin; n < end; n++) {
      const T* image = x + n * s.H * s.W * s.C;
      T* rows = patches.get() + n * pixels * K;
      gather_patches(s, image, group, 0, first, rows);
      gather_patches(s, image, group, first, pixels, detour);
      std::copy(detour, detour + last * K, rows + first * K);
    }
  });
  return patches;
}

STEPGRAD_RUNG(Conv2dArgs, "conv2d", "im2col", 10,
              "writes all windows into one matrix, then one matrix product", conv2d_im2col)
template <class T> void conv2d_im2col(const Conv2dArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), P = s.N * out_pixels(s);
  for (long group = 0; group < s.groups; group++) {
    const std::unique_ptr<T[]> patches = all_patches(s, s.x, group);
    gemm(Gemm<T>{P, s.OG(), K, patches.get(), K, 1, s.w + group * s.OG(), s.O, 1, s.y + group * s.OG(), s.O,
                 false},
         InParallel());
  }
}

STEPGRAD_RUNG(Conv2dInputGradientArgs, "conv2d_input_gradient", "im2col", 10,
              "dy W^T for all windows, which are then added back to the images", conv2d_input_gradient_im2col)
template <class T> void conv2d_input_gradient_im2col(const Conv2dInputGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), pixels = out_pixels(s), P = s.N * pixels, image = s.H * s.W * s.C;
  std::fill(s.dx, s.dx + s.N * image, T(0));
  const std::unique_ptr<T[]> patches(new T[size_t(P * K)]);
  for (long group = 0; group < s.groups; group++) {
    gemm(Gemm<T>{P, K, s.OG(), s.dy + group * s.OG(), s.O, 1, s.w + group * s.OG(), 1, s.O, patches.get(), K,
                 false},
         InParallel());
    parallel_for(s.N, double(pixels * K), [&](long begin, long end) {
      for (long n = begin; n < end; n++)
        scatter_patches(s, patches.get() + n * pixels * K, group, 0, pixels, s.dx + n * image);
    });
  }
}

STEPGRAD_RUNG(Conv2dWeightGradientArgs, "conv2d_weight_gradient", "im2col", 10,
              "writes all windows into one matrix, then its transpose times dy",
              conv2d_weight_gradient_im2col)
template <class T> void conv2d_weight_gradient_im2col(const Conv2dWeightGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  const long K = patch_size(s), P = s.N * out_pixels(s);
  for (long group = 0; group < s.groups; group++) {
    const std::unique_ptr<T[]> patches = all_patches(s, s.x, group);
    gemm(Gemm<T>{K, s.OG(), P, patches.get(), 1, K, s.dy + group * s.OG(), s.O, 1, s.dw + group * s.OG(), s.O,
                 false},
         InParallel());
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
