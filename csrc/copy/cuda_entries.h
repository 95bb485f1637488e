// A thread an entry of the result: what copies anything, for the CUDA rungs of the strided copy.
#pragma once
#include "copy/copy.h"
#include "cuda/collectives.h"

namespace stepgrad {

template <class T> __global__ void copy_kernel(CopyArgs<T> g, long size) {
  for (long i = global_thread(); i < size; i += grid_threads()) {
    const T* x = g.x;
    long rest = i;
    for (int axis = g.axes - 1; axis >= 0; axis--) {
      x += rest % g.shape[axis] * g.stride[axis];
      rest /= g.shape[axis];
    }
    g.y[i] = *x;
  }
}

} // namespace stepgrad
