// The CUDA kernels of pooling and its gradients: a thread an element that is written, which gathers what it needs.
//
// Forward a thread walks over its window. Backward a thread owns an input pixel and asks the windows that saw it: which
// of them did I win, or what is my share? A scatter from the windows would need atomicAdd, whose order, and so the last
// bit, differs from run to run. Channels lie last: neighbouring threads read neighbouring channels, coalesced.
// What limits it: 64-bit divisions that find a thread's pixel; overlapping windows read again, mostly from L2.
//
// Shapes: pool2d.h. N*OH*OW*C outputs, KH*KW comparisons or additions each, and as many backward.
#include "pool2d/cuda_windows.h"

namespace stepgrad {
namespace {

template <class T> __global__ void max_kernel(MaxPool2dArgs<T> g) {
  for (long i = global_thread(); i < g.N * g.OH * g.OW * g.C; i += grid_threads()) {
    const Pixel p(i, g.OH, g.OW, g.C);
    const Range rows = seen_by(p.row, g.stride_h, g.pad_h, g.KH, g.H);
    const Range columns = seen_by(p.column, g.stride_w, g.pad_w, g.KW, g.W);
    const T* image = g.x + p.n * g.H * g.W * g.C + p.c;
    T best = T(-INFINITY);
    long where = -1;
    for (long h = rows.begin; h < rows.end; h++)
      for (long w = columns.begin; w < columns.end; w++) {
        const T x = image[(h * g.W + w) * g.C];
        if (where < 0 || x > best || (x != x && best == best)) best = x, where = h * g.W + w;
      }
    g.out[i] = best;
    g.argmax[i] = int32_t(where);
  }
}

template <class T> __global__ void max_gradient_kernel(MaxPool2dGradientArgs<T> g) {
  for (long i = global_thread(); i < g.N * g.H * g.W * g.C; i += grid_threads()) {
    const Pixel p(i, g.H, g.W, g.C);
    const bool known = g.KH > 0; // otherwise every window is asked
    const Range rows = known ? windows_over(p.row, g.stride_h, g.pad_h, g.KH, g.OH) : Range{0, g.OH};
    const Range columns = known ? windows_over(p.column, g.stride_w, g.pad_w, g.KW, g.OW) : Range{0, g.OW};
    const long me = p.row * g.W + p.column;
    T sum = 0;
    for (long oh = rows.begin; oh < rows.end; oh++)
      for (long ow = columns.begin; ow < columns.end; ow++) {
        const long o = ((p.n * g.OH + oh) * g.OW + ow) * g.C + p.c;
        if (g.argmax[o] == me) sum += g.dy[o];
      }
    g.dx[i] = sum;
  }
}

template <class T> __global__ void average_kernel(AveragePool2dArgs<T> g) {
  for (long i = global_thread(); i < g.N * g.OH * g.OW * g.C; i += grid_threads()) {
    const Pixel p(i, g.OH, g.OW, g.C);
    const Range rows = seen_by(p.row, g.stride_h, g.pad_h, g.KH, g.H);
    const Range columns = seen_by(p.column, g.stride_w, g.pad_w, g.KW, g.W);
    const T* image = g.x + p.n * g.H * g.W * g.C + p.c;
    T sum = 0;
    for (long h = rows.begin; h < rows.end; h++)
      for (long w = columns.begin; w < columns.end; w++) sum += image[(h * g.W + w) * g.C];
    g.out[i] = sum / T(rows.size() * columns.size());
  }
}

template <class T> __global__ void average_gradient_kernel(AveragePool2dGradientArgs<T> g) {
  for (long i = global_thread(); i < g.N * g.H * g.W * g.C; i += grid_threads()) {
    const Pixel p(i, g.H, g.W, g.C);
    const Range rows = windows_over(p.row, g.stride_h, g.pad_h, g.KH, g.OH);
    const Range columns = windows_over(p.column, g.stride_w, g.pad_w, g.KW, g.OW);
    T sum = 0;
    for (long oh = rows.begin; oh < rows.end; oh++)
      for (long ow = columns.begin; ow < columns.end; ow++) {
        const long count = seen_by(oh, g.stride_h, g.pad_h, g.KH, g.H).size() *
                           seen_by(ow, g.stride_w, g.pad_w, g.KW, g.W).size();
        sum += g.dy[((p.n * g.OH + oh) * g.OW + ow) * g.C + p.c] / T(count);
      }
    g.dx[i] = sum;
  }
}

template <class Args> void run(void (*kernel)(Args), const Args& g, long outputs) {
  if (outputs) launch(kernel, grid_for(outputs, THREADS), THREADS, 0, g);
}

} // namespace

STEPGRAD_RUNG(MaxPool2dArgs, "max_pool2d", "naive", 0, "a thread an output walks over its window",
              max_pool2d_naive)
template <class T> void max_pool2d_naive(const MaxPool2dArgs<T>& g) {
  run(max_kernel<T>, g, g.N * g.OH * g.OW * g.C);
}

STEPGRAD_RUNG(MaxPool2dGradientArgs, "max_pool2d_gradient", "naive", 0,
              "a thread a pixel asks its windows whether it won: no atomics", max_pool2d_gradient_naive)
template <class T> void max_pool2d_gradient_naive(const MaxPool2dGradientArgs<T>& g) {
  run(max_gradient_kernel<T>, g, g.N * g.H * g.W * g.C);
}

STEPGRAD_RUNG(AveragePool2dArgs, "average_pool2d", "naive", 0, "a thread an output walks over its window",
              average_pool2d_naive)
template <class T> void average_pool2d_naive(const AveragePool2dArgs<T>& g) {
  run(average_kernel<T>, g, g.N * g.OH * g.OW * g.C);
}

STEPGRAD_RUNG(AveragePool2dGradientArgs, "average_pool2d_gradient", "naive", 0,
              "a thread a pixel gathers its shares: no atomics", average_pool2d_gradient_naive)
template <class T> void average_pool2d_gradient_naive(const AveragePool2dGradientArgs<T>& g) {
  run(average_gradient_kernel<T>, g, g.N * g.H * g.W * g.C);
}

} // namespace stepgrad
