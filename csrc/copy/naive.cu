// Bottom rung of the strided copy on CUDA: a thread an entry of the result.
//
// The thread takes its place in y apart into one index an axis, and adds up their strides in x.
// What limits it: a 64-bit division an axis; and where x's last axis is not the contiguous one (a transpose), the loads of a
// warp fall into 32 different sectors, while the stores are coalesced.
//
// x: strided, y: contiguous. 2n elements moved, no FLOPs.
#include "copy/cuda_entries.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(CopyArgs, "copy", "naive", 0, "a thread an entry finds its place in x", copy_naive)
template <class T> void copy_naive(const CopyArgs<T>& g) {
  long size = 1;
  for (int axis = 0; axis < g.axes; axis++) size *= g.shape[axis];
  if (size) launch(copy_kernel<T>, grid_for(size, THREADS), THREADS, 0, g, size);
}

} // namespace
} // namespace stepgrad
