// Second rung of the reductions on CUDA: a block an output, and a tree in shared memory.
//
// What changes: 256 threads share one output. Each takes every 256th element, so for inner = 1 the loads of a warp are
// coalesced; then half of the threads add the other half's results, then half of those: 8 steps instead of 255.
// What limits it: a barrier a step, most threads idle in the last steps, and a block even for a short axis.
//
// x: [outer, n, inner], out: [outer, inner]. Shared: 256 running results. outer * n * inner operations and as many elements
// read.
#include "reduce/cuda_operations.h"

namespace stepgrad {
namespace {

template <class Op, class Args> __global__ void reduce_kernel(Args g) {
  using Running = typename Op::Running;
  SHARED(Running, tree, [THREADS]);
  const Op op;
  const unsigned t = threadIdx.x;
  for (long o = blockIdx.x; o < g.outer * g.inner; o += gridDim.x) {
    const auto* x = g.x + o / g.inner * g.n * g.inner + o % g.inner;
    Running running = Op::begin();
    for (long k = t; k < g.n; k += THREADS) running = op(running, Op::take(x[k * g.inner], k));
    tree[t] = running;
    __syncthreads();
    for (unsigned half = THREADS / 2; half > 0; half /= 2) {
      if (t < half) tree[t] = op(tree[t], tree[t + half]);
      __syncthreads();
    }
    if (t == 0) g.out[o] = Op::finish(tree[0], g.n);
    __syncthreads(); // tree is read before the next output overwrites it
  }
}

template <class Op, class Args> void run(const Args& g) {
  const long outputs = g.outer * g.inner;
  if (outputs) launch(reduce_kernel<Op, Args>, grid_for(outputs, 1), THREADS, 0, g);
}

STEPGRAD_RUNG(ReduceArgs, "sum", "shared_tree", 10, "a block an output, a tree in shared memory",
              sum_shared_tree)
template <class T> void sum_shared_tree(const ReduceArgs<T>& g) { run<SumOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "mean", "shared_tree", 10, "a block an output, a tree in shared memory",
              mean_shared_tree)
template <class T> void mean_shared_tree(const ReduceArgs<T>& g) { run<MeanOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "prod", "shared_tree", 10, "a block an output, a tree in shared memory",
              prod_shared_tree)
template <class T> void prod_shared_tree(const ReduceArgs<T>& g) { run<ProductOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "max", "shared_tree", 10, "a block an output, a tree in shared memory",
              max_shared_tree)
template <class T> void max_shared_tree(const ReduceArgs<T>& g) { run<ExtremeOf<T, 1>>(g); }

STEPGRAD_RUNG(ReduceArgs, "min", "shared_tree", 10, "a block an output, a tree in shared memory",
              min_shared_tree)
template <class T> void min_shared_tree(const ReduceArgs<T>& g) { run<ExtremeOf<T, -1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmax", "shared_tree", 10, "a block an output, a tree in shared memory",
              argmax_shared_tree)
template <class T> void argmax_shared_tree(const ArgReduceArgs<T>& g) { run<PlaceOf<T, 1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmin", "shared_tree", 10, "a block an output, a tree in shared memory",
              argmin_shared_tree)
template <class T> void argmin_shared_tree(const ArgReduceArgs<T>& g) { run<PlaceOf<T, -1>>(g); }

} // namespace
} // namespace stepgrad
