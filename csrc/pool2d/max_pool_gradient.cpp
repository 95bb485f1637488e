// The upper rungs of max pooling's gradient.
//
// threads: the scatter of naive, images shared among threads. Two windows may have the same winner, so an image belongs
// to one thread; the channels of a pixel won in different places, so no vector can be stored.
//
// gather: where windows do not overlap, the question is turned around. A pixel asks its only window "did I win?" and takes
// dy or 0: a comparison of whole vectors, and each element of dx is stored once, or twice where windows leave gaps.
//
// Shapes: pool2d.h. scatter: N*OH*OW*C additions through memory. gather: N*H*W*C comparisons.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "pool2d/pool2d.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(MaxPool2dGradientArgs, "max_pool2d_gradient", "threads", 10,
              "the plain scatter-add, images shared among threads", max_pool2d_gradient_threads)
template <class T> void max_pool2d_gradient_threads(const MaxPool2dGradientArgs<T>& g) {
  const long pixels = g.H * g.W, windows = g.OH * g.OW;
  parallel_for(g.N, 1.5 * double(windows * g.C) + 0.1 * double(pixels * g.C), [&](long begin, long end) {
    std::fill(g.dx + begin * pixels * g.C, g.dx + end * pixels * g.C, T(0));
    for (long n = begin; n < end; n++)
      for (long p = n * windows; p < (n + 1) * windows; p++)
        for (long c = 0; c < g.C; c++) {
          const long place = g.argmax[p * g.C + c];
          if (place >= 0 && place < pixels) g.dx[(n * pixels + place) * g.C + c] += g.dy[p * g.C + c];
        }
  });
}

template <class T> STEPGRAD_INLINE vec_mask<T> load_places(const int32_t* p, long n) {
  vec_mask<T> places = vec_mask<T>{} - 1;
  if (sizeof places[0] == sizeof *p && n == VL<T>)
    std::memcpy(&places, p, sizeof places);
  else
    for (long i = 0; i < n; i++) places[i] = p[i];
  return places;
}

STEPGRAD_RUNG(MaxPool2dGradientArgs, "max_pool2d_gradient", "gather", 20,
              "each pixel asks its only window whether it won; overlapping windows: threads",
              max_pool2d_gradient_gather)
template <class T> void max_pool2d_gradient_gather(const MaxPool2dGradientArgs<T>& g) {
  const bool apart = g.KH > 0 && g.KH <= g.stride_h && g.KW <= g.stride_w;
  if (!apart) return max_pool2d_gradient_threads(g);
  parallel_for(g.N * g.H, 0.3 * double(g.W * g.C), [&](long begin, long end) {
    for (long row = begin; row < end; row++) {
      const long h = row % g.H, n = row / g.H, oh = (h + g.pad_h) / g.stride_h;
      T* dx = g.dx + row * g.W * g.C;
      const bool seen = oh < g.OH && h + g.pad_h - oh * g.stride_h < g.KH;
      const bool whole = seen && g.KW == g.stride_w && g.OW * g.stride_w - g.pad_w >= g.W;
      if (!whole) std::fill(dx, dx + g.W * g.C, T(0));
      for (long ow = 0; seen && ow < g.OW; ow++) {
        const long window = ((n * g.OH + oh) * g.OW + ow) * g.C;
        const Pool2dShape::Window r = g.window(oh, ow);
        for_each_strip<T>(g.C, [&](long c, long count) {
          const vec<T> dy = load_n(g.dy + window + c, count);
          const vec_mask<T> places = load_places<T>(g.argmax + window + c, count);
          for (long w = r.w0; w < r.w1; w++) {
            const vec_mask<T> place = vec_mask<T>{} + typename VecOf<T>::integer(h * g.W + w);
            store_n(dx + w * g.C + c, places == place ? dy : vec<T>{}, count);
          }
        });
      }
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
