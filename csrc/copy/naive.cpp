// A strided array becomes a contiguous one.
//
// The last two axes are loops, the axes before them one counter that is taken apart for each pass: nothing but the
// inner loop is hot. A transpose reads with a large stride and writes in order: writing is what must be contiguous,
// because a store to a line that is not in cache costs a read as well.
//
// x: strided, y: [n] contiguous. 2n elements moved, no FLOPs: memory limits it.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "copy/copy.h"
#include <algorithm>

namespace stepgrad {

STEPGRAD_RUNG(CopyArgs, "copy", "naive", 0, "a loop over the strides, written in order, threaded", copy_naive)
template <class T> void copy_naive(const CopyArgs<T>& g) {
  const int last = g.axes - 1;
  const long columns = g.shape[last], step = g.stride[last];
  long rows = 1;
  for (int axis = 0; axis < last; axis++) rows *= g.shape[axis];
  parallel_for(rows, 0.5 * double(columns), [&](long begin, long end) {
    for (long row = begin; row < end; row++) {
      const T* x = g.x;
      long rest = row;
      for (int axis = last - 1; axis >= 0; axis--) {
        x += rest % g.shape[axis] * g.stride[axis];
        rest /= g.shape[axis];
      }
      T* y = g.y + row * columns;
      if (step == 1)
        std::copy(x, x + columns, y);
      else
        for (long i = 0; i < columns; i++) y[i] = x[i * step];
    }
  });
}

} // namespace stepgrad
