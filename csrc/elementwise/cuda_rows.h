// out = f(a, b) where b is one row for all rows of a: what the top rungs of the binary ops and of bias_activation share.
//
// A thread keeps its columns and walks down the rows: b is loaded once a thread. Where a row has fewer packs than a block has
// threads, the block stands in several rows side by side, so that no lane is idle.
#pragma once
#include "cuda/collectives.h"

namespace stepgrad {

// W columns a thread, all within one row: V is a Pack, or a single element where n is no multiple of a pack.
// Blocks: x along the columns, y along the rows.
template <class V, int W, class T, class F>
__global__ void row_kernel(const T* a, const T* b, T* out, long rows, long columns, F f) {
  const long j = global_thread();
  if (j >= columns) return;
  V of_b = reinterpret_cast<const V*>(b)[j];
  const T* y = reinterpret_cast<const T*>(&of_b);
  for (long i = long(blockIdx.y) * blockDim.y + threadIdx.y; i < rows; i += long(gridDim.y) * blockDim.y) {
    V in = reinterpret_cast<const V*>(a)[i * columns + j], result;
#pragma unroll
    for (int k = 0; k < W; k++)
      reinterpret_cast<T*>(&result)[k] = f(reinterpret_cast<const T*>(&in)[k], y[k]);
    reinterpret_cast<V*>(out)[i * columns + j] = result;
  }
}

template <class V, int W, class T, class F>
void launch_rows(const T* a, const T* b, T* out, long rows, long n, F f) {
  const long columns = n / W, across = columns < THREADS ? columns : THREADS, down = THREADS / across;
  const long blocks = (rows + down - 1) / down;
  const dim3 grid(unsigned((columns + across - 1) / across), unsigned(blocks < 16384 ? blocks : 16384));
  launch(row_kernel<V, W, T, F>, grid, dim3(unsigned(across), unsigned(down)), 0, a, b, out, rows, columns,
         f);
}

// a, out: [rows, n]; b: [n].
template <class T, class F> void run_rows(const T* a, const T* b, T* out, long rows, long n, F f) {
  using P = Pack<T>;
  if (rows * n == 0) return;
  if (n % P::N == 0 && can_pack(a) && can_pack(b) && can_pack(out))
    launch_rows<P, P::N>(a, b, out, rows, n, f);
  else
    launch_rows<T, 1>(a, b, out, rows, n, f);
}

} // namespace stepgrad
