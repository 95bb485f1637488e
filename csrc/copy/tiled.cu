// Top rung of the strided copy on CUDA: a transpose goes through a tile in shared memory.
//
// What changes: where x is contiguous along another axis than its last, a block takes 32 x 32 entries over these two axes. It
// reads them along x's contiguous axis and writes them along y's: both coalesced, the turn happens in shared memory. A row of the
// tile has 33 entries, so that the 32 lanes that read a column of it hit 32 different banks. Everything else: as a rung below.
// What limits it: memory.
//
// x: strided, y: contiguous. 2n elements moved, no FLOPs. Shared: 32 x 33 entries.
#include "copy/cuda_entries.h"

namespace stepgrad {
namespace {

constexpr int SIDE = 32, ROWS = 8; // a tile, and the rows of threads of its block: each brings 4 entries

// Grid: x tiles of the last axis, y tiles of `axis` (x's contiguous one), z all other axes.
template <class T> __global__ void transpose_kernel(CopyArgs<T> g, int axis, long others) {
  SHARED(T, tile, [SIDE][SIDE + 1]);
  const int last = g.axes - 1;
  long below = 1; // entries of y from one step along `axis` to the next
  for (int a = axis + 1; a < g.axes; a++) below *= g.shape[a];
  const long i0 = long(blockIdx.x) * SIDE,
             j0 = long(blockIdx.y) * SIDE; // along the last axis, and along `axis`
  for (long other = blockIdx.z; other < others; other += gridDim.z) {
    const T* x = g.x;
    T* y = g.y;
    long rest = other, step = 1;
    for (int a = last; a >= 0; a--) {
      if (a != axis && a != last) {
        x += rest % g.shape[a] * g.stride[a], y += rest % g.shape[a] * step;
        rest /= g.shape[a];
      }
      step *= g.shape[a];
    }
    for (int r = int(threadIdx.y); r < SIDE; r += ROWS) {
      const long i = i0 + r, j = j0 + threadIdx.x;
      if (i < g.shape[last] && j < g.shape[axis]) tile[r][threadIdx.x] = x[j + i * g.stride[last]];
    }
    __syncthreads();
    for (int r = int(threadIdx.y); r < SIDE; r += ROWS) {
      const long i = i0 + threadIdx.x, j = j0 + r;
      if (i < g.shape[last] && j < g.shape[axis]) y[j * below + i] = tile[threadIdx.x][r];
    }
    __syncthreads(); // the tile is read before the next one overwrites it
  }
}

STEPGRAD_RUNG(CopyArgs, "copy", "tiled", 10,
              "a transpose is turned in shared memory, read and written in order", copy_tiled)
template <class T> void copy_tiled(const CopyArgs<T>& g) {
  const int last = g.axes - 1;
  long size = 1;
  int contiguous = last;
  for (int a = 0; a < g.axes; a++) {
    size *= g.shape[a];
    if (g.stride[a] == 1 && g.shape[a] > 1) contiguous = a;
  }
  if (size == 0) return;
  const long tiles = (g.shape[contiguous] + SIDE - 1) / SIDE;
  if (contiguous == last || tiles > 65535) // the bound of a grid in y
    return launch(copy_kernel<T>, grid_for(size, THREADS), THREADS, 0, g, size);
  const long others = size / g.shape[last] / g.shape[contiguous];
  const dim3 grid(blocks_for(g.shape[last], SIDE), unsigned(tiles),
                  unsigned(others < 65535 ? others : 65535));
  launch(transpose_kernel<T>, grid, dim3(SIDE, ROWS), 0, g, contiguous, others);
}

} // namespace
} // namespace stepgrad
