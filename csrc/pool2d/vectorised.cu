// Second rung of pooling on CUDA, forward and backward: a thread takes 16 bytes of channels, and finds its place once for all of them.
//
// What changes: channels lie last and share their windows, so four of them (two doubles) travel in one load and one store, and the
// divisions that find a thread's pixel, the range of its window, and the loop around it are paid once instead of four times. The
// divisions are of 32 bits, a quarter of the instructions. Backward, too, a thread gathers: every pixel asks its windows, no atomics.
// Where channels do not come in fours, or arrays are not aligned, the rung below serves.
//
// Shapes: pool2d.h. N*OH*OW*C outputs, KH*KW comparisons or additions each, and as many backward.
// Limit: memory where windows do not overlap (each x once, 4 bytes more a winner); where they do, L1 and L2, which serve each pixel
// (KH / stride_h) * (KW / stride_w) times.
#include "pool2d/cuda_windows.h"

namespace stepgrad {
namespace {

// Pixel of pack i of an array [N, rows, columns, packs]; c counts packs.
struct PackedPixel {
  unsigned n, row, column, c;
  __device__ PackedPixel(unsigned i, unsigned rows, unsigned columns, unsigned packs) {
    c = i % packs, i /= packs;
    column = i % columns, i /= columns;
    row = i % rows, n = i / rows;
  }
};

template <class T> struct alignas(sizeof(int32_t) * Pack<T>::N) Winners {
  int32_t v[Pack<T>::N];
};

template <class T> __device__ const Pack<T>* packs_of(const T* p) {
  return reinterpret_cast<const Pack<T>*>(p);
}
template <class T> __device__ Pack<T>* packs_of(T* p) { return reinterpret_cast<Pack<T>*>(p); }

// count: packs that are written; packs: of a pixel.
template <class T> __global__ void max_kernel(MaxPool2dArgs<T> g, unsigned count, unsigned packs) {
  for (unsigned i = unsigned(global_thread()); i < count; i += unsigned(grid_threads())) {
    const PackedPixel p(i, unsigned(g.OH), unsigned(g.OW), packs);
    const Range rows = seen_by(p.row, g.stride_h, g.pad_h, g.KH, g.H);
    const Range columns = seen_by(p.column, g.stride_w, g.pad_w, g.KW, g.W);
    const Pack<T>* image = packs_of(g.x) + p.n * g.H * g.W * packs + p.c;
    Pack<T> best;
    Winners<T> where;
#pragma unroll
    for (int v = 0; v < Pack<T>::N; v++) best.v[v] = T(-INFINITY), where.v[v] = -1;
    for (long h = rows.begin; h < rows.end; h++)
      for (long w = columns.begin; w < columns.end; w++) {
        const Pack<T> x = image[(h * g.W + w) * packs];
#pragma unroll
        for (int v = 0; v < Pack<T>::N; v++)
          if (where.v[v] < 0 || x.v[v] > best.v[v] || (x.v[v] != x.v[v] && best.v[v] == best.v[v]))
            best.v[v] = x.v[v], where.v[v] = int32_t(h * g.W + w);
      }
    packs_of(g.out)[i] = best;
    reinterpret_cast<Winners<T>*>(g.argmax)[i] = where;
  }
}

template <class T>
__global__ void max_gradient_kernel(MaxPool2dGradientArgs<T> g, unsigned count, unsigned packs) {
  for (unsigned i = unsigned(global_thread()); i < count; i += unsigned(grid_threads())) {
    const PackedPixel p(i, unsigned(g.H), unsigned(g.W), packs);
    const bool known = g.KH > 0; // otherwise every window is asked
    const Range rows = known ? windows_over(p.row, g.stride_h, g.pad_h, g.KH, g.OH) : Range{0, g.OH};
    const Range columns = known ? windows_over(p.column, g.stride_w, g.pad_w, g.KW, g.OW) : Range{0, g.OW};
    const int32_t me = int32_t(p.row * g.W + p.column);
    Pack<T> sum = {};
    for (long oh = rows.begin; oh < rows.end; oh++)
      for (long ow = columns.begin; ow < columns.end; ow++) {
        const long o = ((p.n * g.OH + oh) * g.OW + ow) * packs + p.c;
        const Winners<T> winner = reinterpret_cast<const Winners<T>*>(g.argmax)[o];
        const Pack<T> dy = packs_of(g.dy)[o];
#pragma unroll
        for (int v = 0; v < Pack<T>::N; v++)
          if (winner.v[v] == me) sum.v[v] += dy.v[v];
      }
    packs_of(g.dx)[i] = sum;
  }
}

template <class T> __global__ void average_kernel(AveragePool2dArgs<T> g, unsigned count, unsigned packs) {
  for (unsigned i = unsigned(global_thread()); i < count; i += unsigned(grid_threads())) {
    const PackedPixel p(i, unsigned(g.OH), unsigned(g.OW), packs);
    const Range rows = seen_by(p.row, g.stride_h, g.pad_h, g.KH, g.H);
    const Range columns = seen_by(p.column, g.stride_w, g.pad_w, g.KW, g.W);
    const Pack<T>* image = packs_of(g.x) + p.n * g.H * g.W * packs + p.c;
    Pack<T> sum = {};
    for (long h = rows.begin; h < rows.end; h++)
      for (long w = columns.begin; w < columns.end; w++) {
        const Pack<T> x = image[(h * g.W + w) * packs];
#pragma unroll
        for (int v = 0; v < Pack<T>::N; v++) sum.v[v] += x.v[v];
      }
    const T pixels = T(rows.size() * columns.size());
#pragma unroll
    for (int v = 0; v < Pack<T>::N; v++) sum.v[v] /= pixels;
    packs_of(g.out)[i] = sum;
  }
}

template <class T>
__global__ void average_gradient_kernel(AveragePool2dGradientArgs<T> g, unsigned count, unsigned packs) {
  for (unsigned i = unsigned(global_thread()); i < count; i += unsigned(grid_threads())) {
    const PackedPixel p(i, unsigned(g.H), unsigned(g.W), packs);
    const Range rows = windows_over(p.row, g.stride_h, g.pad_h, g.KH, g.OH);
    const Range columns = windows_over(p.column, g.stride_w, g.pad_w, g.KW, g.OW);
    Pack<T> sum = {};
    for (long oh = rows.begin; oh < rows.end; oh++)
      for (long ow = columns.begin; ow < columns.end; ow++) {
        const T pixels = T(seen_by(oh, g.stride_h, g.pad_h, g.KH, g.H).size() *
                           seen_by(ow, g.stride_w, g.pad_w, g.KW, g.W).size());
        const Pack<T> dy = packs_of(g.dy)[((p.n * g.OH + oh) * g.OW + ow) * packs + p.c];
#pragma unroll
        for (int v = 0; v < Pack<T>::N; v++) sum.v[v] += dy.v[v] / pixels;
      }
    packs_of(g.dx)[i] = sum;
  }
}

// False where the channels do not come in packs, or there are too many for 32 bits.
template <class T, class Args>
bool run(void (*kernel)(Args, unsigned, unsigned), const Args& g, long elements, bool aligned) {
  constexpr int N = Pack<T>::N;
  const long count = elements / N;
  // twice as many must fit, or the counter of the last turn runs over
  if (!aligned || g.C % N != 0 || 2 * count > INT32_MAX) return false;
  if (count) launch(kernel, grid_for(count, THREADS), THREADS, 0, g, unsigned(count), unsigned(g.C / N));
  return true;
}

template <class T> bool can_store_winners(const int32_t* p) {
  return reinterpret_cast<uintptr_t>(p) % sizeof(Winners<T>) == 0;
}

STEPGRAD_RUNG(MaxPool2dArgs, "max_pool2d", "vectorised", 10,
              "16 bytes of channels a thread: one search for the pixel, one load for all of them",
              max_pool2d_vectorised)
template <class T> void max_pool2d_vectorised(const MaxPool2dArgs<T>& g) {
  const bool aligned = can_pack(g.x) && can_pack(g.out) && can_store_winners<T>(g.argmax);
  if (!run<T>(max_kernel<T>, g, g.N * g.OH * g.OW * g.C, aligned)) max_pool2d_naive(g);
}

STEPGRAD_RUNG(MaxPool2dGradientArgs, "max_pool2d_gradient", "vectorised", 10,
              "16 bytes of channels a thread asks its windows for: no atomics",
              max_pool2d_gradient_vectorised)
template <class T> void max_pool2d_gradient_vectorised(const MaxPool2dGradientArgs<T>& g) {
  const bool aligned = can_pack(g.dx) && can_pack(g.dy) && can_store_winners<T>(g.argmax);
  if (!run<T>(max_gradient_kernel<T>, g, g.N * g.H * g.W * g.C, aligned)) max_pool2d_gradient_naive(g);
}

STEPGRAD_RUNG(AveragePool2dArgs, "average_pool2d", "vectorised", 10,
              "16 bytes of channels a thread: one search for the pixel, one load for all of them",
              average_pool2d_vectorised)
template <class T> void average_pool2d_vectorised(const AveragePool2dArgs<T>& g) {
  if (!run<T>(average_kernel<T>, g, g.N * g.OH * g.OW * g.C, can_pack(g.x) && can_pack(g.out)))
    average_pool2d_naive(g);
}

STEPGRAD_RUNG(AveragePool2dGradientArgs, "average_pool2d_gradient", "vectorised", 10,
              "16 bytes of channels a thread gathers: no atomics", average_pool2d_gradient_vectorised)
template <class T> void average_pool2d_gradient_vectorised(const AveragePool2dGradientArgs<T>& g) {
  if (!run<T>(average_gradient_kernel<T>, g, g.N * g.H * g.W * g.C, can_pack(g.dx) && can_pack(g.dy)))
    average_pool2d_gradient_naive(g);
}

} // namespace
} // namespace stepgrad
