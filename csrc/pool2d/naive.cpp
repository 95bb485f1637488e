// Bottom rung of pooling: for each output element a loop over its window.
//
// Why it is slow: neighbours in a window lie C elements apart, so each cache line is fetched again for every channel,
// and the comparisons of one window wait for each other.
//
// Shapes: pool2d.h. N*OH*OW*C outputs, KH*KW comparisons or additions each.
#include "common/registry.h"
#include "pool2d/pool2d.h"
#include <limits>

namespace stepgrad {
namespace {

// visit(image, output pixel, window) for every output pixel of every image; image and pixel as element offsets.
template <class Visit> void for_each_window(const Pool2dShape& s, Visit visit) {
  for (long n = 0; n < s.N; n++)
    for (long oh = 0; oh < s.OH; oh++)
      for (long ow = 0; ow < s.OW; ow++)
        visit(n * s.H * s.W * s.C, ((n * s.OH + oh) * s.OW + ow) * s.C, s.window(oh, ow));
}

STEPGRAD_RUNG(MaxPool2dArgs, "max_pool2d", "naive", 0, "a loop over the window for each output element",
              max_pool2d_naive)
template <class T> void max_pool2d_naive(const MaxPool2dArgs<T>& g) {
  for_each_window(g, [&](long image, long pixel, Pool2dShape::Window r) {
    for (long c = 0; c < g.C; c++) {
      T best = -std::numeric_limits<T>::infinity();
      int32_t where = -1;
      for (long h = r.h0; h < r.h1; h++)
        for (long w = r.w0; w < r.w1; w++) {
          T x = g.x[image + (h * g.W + w) * g.C + c];
          if (where < 0 || x > best || (x != x && best == best)) best = x, where = int32_t(h * g.W + w);
        }
      g.out[pixel + c] = best;
      g.argmax[pixel + c] = where;
    }
  });
}

STEPGRAD_RUNG(MaxPool2dGradientArgs, "max_pool2d_gradient", "naive", 0, "adds each dy to the pixel that won",
              max_pool2d_gradient_naive)
template <class T> void max_pool2d_gradient_naive(const MaxPool2dGradientArgs<T>& g) {
  std::fill(g.dx, g.dx + g.N * g.H * g.W * g.C, T(0));
  for (long n = 0; n < g.N; n++)
    for (long p = 0; p < g.OH * g.OW; p++)
      for (long c = 0; c < g.C; c++) {
        long i = (n * g.OH * g.OW + p) * g.C + c;
        bool inside = g.argmax[i] >= 0 && g.argmax[i] < g.H * g.W;
        if (inside) g.dx[(n * g.H * g.W + g.argmax[i]) * g.C + c] += g.dy[i];
      }
}

STEPGRAD_RUNG(AveragePool2dArgs, "average_pool2d", "naive", 0,
              "a loop over the window for each output element", average_pool2d_naive)
template <class T> void average_pool2d_naive(const AveragePool2dArgs<T>& g) {
  for_each_window(g, [&](long image, long pixel, Pool2dShape::Window r) {
    for (long c = 0; c < g.C; c++) {
      T sum = 0;
      for (long h = r.h0; h < r.h1; h++)
        for (long w = r.w0; w < r.w1; w++) sum += g.x[image + (h * g.W + w) * g.C + c];
      g.out[pixel + c] = sum / T(r.count());
    }
  });
}

STEPGRAD_RUNG(AveragePool2dGradientArgs, "average_pool2d_gradient", "naive", 0,
              "spreads each dy evenly over its window", average_pool2d_gradient_naive)
template <class T> void average_pool2d_gradient_naive(const AveragePool2dGradientArgs<T>& g) {
  std::fill(g.dx, g.dx + g.N * g.H * g.W * g.C, T(0));
  for_each_window(g, [&](long image, long pixel, Pool2dShape::Window r) {
    for (long h = r.h0; h < r.h1; h++)
      for (long w = r.w0; w < r.w1; w++)
        for (long c = 0; c < g.C; c++)
          g.dx[image + (h * g.W + w) * g.C + c] += g.dy[pixel + c] / T(r.count());
  });
}

} // namespace
} // namespace stepgrad
