// Top rung of pooling: vectors across the channels, which lie next to each other; output rows shared among threads.
//
// What changes: the windows of 4, 8 or 16 channels are compared at once, every cache line is used whole, and the place
// of the maximum is carried along in an integer vector. The gradient of the mean adds into overlapping windows, so there
// threads share out whole images. The gradient of the maximum: max_pool_gradient.cpp.
//
// Shapes: pool2d.h. N*OH*OW*C outputs, KH*KW comparisons or additions each; the image is read about once.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "common/vec.h"
#include "pool2d/pool2d.h"
#include <limits>

namespace stepgrad {
namespace STEPGRAD_ISA {

// visit(image, output pixel, window) as in naive.cpp, rows of output pixels shared among threads.
template <class Visit> void for_each_window(const Pool2dShape& s, double ns_per_element, Visit visit) {
  parallel_for(s.N * s.OH, ns_per_element * double(s.OW * s.C * s.KH * s.KW), [&](long begin, long end) {
    for (long row = begin; row < end; row++)
      for (long ow = 0; ow < s.OW; ow++)
        visit(row / s.OH * s.H * s.W * s.C, (row * s.OW + ow) * s.C, s.window(row % s.OH, ow));
  });
}

// Places are kept in 32 bits; a vector of doubles carries 64 along.
template <class T> STEPGRAD_INLINE void store_places(int32_t* p, vec_mask<T> places, long n) {
  if (sizeof places[0] == sizeof *p && n == VL<T>)
    std::memcpy(p, &places, sizeof places);
  else
    for (long i = 0; i < n; i++) p[i] = int32_t(places[i]);
}

STEPGRAD_RUNG(MaxPool2dArgs, "max_pool2d", "simd", 10,
              "vectors across channels; the place is carried along; threaded", max_pool2d_simd)
template <class T> void max_pool2d_simd(const MaxPool2dArgs<T>& g) {
  using Places = vec_mask<T>; // integers as wide as T
  using Place = typename VecOf<T>::integer;
  for_each_window(g, 0.2, [&](long image, long pixel, Pool2dShape::Window r) {
    for_each_strip<T>(g.C, [&](long c, long n) {
      vec<T> best = splat(-std::numeric_limits<T>::infinity());
      Places place = Places{} - 1;
      if (r.count() > 0)
        best = load_n(g.x + image + (r.h0 * g.W + r.w0) * g.C + c, n),
        place = Places{} + Place(r.h0 * g.W + r.w0);
      for (long h = r.h0; h < r.h1; h++)
        for (long w = r.w0; w < r.w1; w++) {
          const vec<T> x = load_n(g.x + image + (h * g.W + w) * g.C + c, n);
          const Places stays = (x <= best) | (best != best); // a NaN is no smaller than anything
          best = stays ? best : x;
          place = stays ? place : Places{} + Place(h * g.W + w);
        }
      store_n(g.out + pixel + c, best, n);
      store_places<T>(g.argmax + pixel + c, place, n);
    });
  });
}

STEPGRAD_RUNG(AveragePool2dArgs, "average_pool2d", "simd", 10, "vectors across channels, threaded",
              average_pool2d_simd)
template <class T> void average_pool2d_simd(const AveragePool2dArgs<T>& g) {
  for_each_window(g, 0.2, [&](long image, long pixel, Pool2dShape::Window r) {
    for_each_strip<T>(g.C, [&](long c, long n) {
      vec<T> sum{};
      for (long h = r.h0; h < r.h1; h++)
        for (long w = r.w0; w < r.w1; w++) sum += load_n(g.x + image + (h * g.W + w) * g.C + c, n);
      store_n(g.out + pixel + c, sum / T(r.count()), n);
    });
  });
}

STEPGRAD_RUNG(AveragePool2dGradientArgs, "average_pool2d_gradient", "simd", 10,
              "vectors across channels, images shared among threads", average_pool2d_gradient_simd)
template <class T> void average_pool2d_gradient_simd(const AveragePool2dGradientArgs<T>& g) {
  parallel_for(g.N, 0.3 * double(g.OH * g.OW * g.C * g.KH * g.KW), [&](long begin, long end) {
    std::fill(g.dx + begin * g.H * g.W * g.C, g.dx + end * g.H * g.W * g.C, T(0));
    for (long row = begin * g.OH; row < end * g.OH; row++)
      for (long ow = 0; ow < g.OW; ow++) {
        const Pool2dShape::Window r = g.window(row % g.OH, ow);
        for_each_strip<T>(g.C, [&](long c, long n) {
          const vec<T> share = load_n(g.dy + (row * g.OW + ow) * g.C + c, n) / T(r.count());
          for (long h = r.h0; h < r.h1; h++)
            for (long w = r.w0; w < r.w1; w++) {
              T* dx = g.dx + ((row / g.OH * g.H + h) * g.W + w) * g.C + c;
              store_n(dx, load_n(dx, n) + share, n);
            }
        });
      }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
