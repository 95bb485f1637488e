// Third rung of the reductions on CUDA: lanes hand each other their registers.
//
// What changes: a warp takes an output, and combines by five shuffles, without shared memory or a barrier. Where
// inner > 1, a lane takes an output of its own instead: lanes read neighbours on `inner`, 32 coalesced elements a load,
// and nothing has to be combined at all.
// What limits it: with few outputs there are few warps, and most of the GPU stands idle.
//
// x: [outer, n, inner], out: [outer, inner]. outer * n * inner operations and as many elements read.
#include "reduce/cuda_operations.h"

namespace stepgrad {
namespace {

// inner = 1: a warp an output.
template <class Op, class Args> __global__ void row_kernel(Args g) {
  const Op op;
  for (long o = global_thread() / WARP; o < g.outer; o += grid_threads() / WARP) {
    auto running = Op::begin();
    for (long k = threadIdx.x % WARP; k < g.n; k += WARP)
      running = op(running, Op::take(g.x[o * g.n + k], k));
    running = warp_reduce(running, op);
    if (threadIdx.x % WARP == 0) g.out[o] = Op::finish(running, g.n);
  }
}

// inner > 1: a thread an output.
template <class Op, class Args> __global__ void column_kernel(Args g) {
  const Op op;
  for (long o = global_thread(); o < g.outer * g.inner; o += grid_threads()) {
    const auto* x = g.x + o / g.inner * g.n * g.inner + o % g.inner;
    auto running = Op::begin();
    for (long k = 0; k < g.n; k++) running = op(running, Op::take(x[k * g.inner], k));
    g.out[o] = Op::finish(running, g.n);
  }
}

template <class Op, class Args> void run(const Args& g) {
  const long outputs = g.outer * g.inner;
  if (outputs == 0) return;
  if (g.inner == 1)
    launch(row_kernel<Op, Args>, grid_for(outputs, THREADS / WARP), THREADS, 0, g);
  else
    launch(column_kernel<Op, Args>, grid_for(outputs, THREADS), THREADS, 0, g);
}

STEPGRAD_RUNG(ReduceArgs, "sum", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", sum_warp_shuffle)
template <class T> void sum_warp_shuffle(const ReduceArgs<T>& g) { run<SumOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "mean", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", mean_warp_shuffle)
template <class T> void mean_warp_shuffle(const ReduceArgs<T>& g) { run<MeanOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "prod", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", prod_warp_shuffle)
template <class T> void prod_warp_shuffle(const ReduceArgs<T>& g) { run<ProductOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "max", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", max_warp_shuffle)
template <class T> void max_warp_shuffle(const ReduceArgs<T>& g) { run<ExtremeOf<T, 1>>(g); }

STEPGRAD_RUNG(ReduceArgs, "min", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", min_warp_shuffle)
template <class T> void min_warp_shuffle(const ReduceArgs<T>& g) { run<ExtremeOf<T, -1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmax", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", argmax_warp_shuffle)
template <class T> void argmax_warp_shuffle(const ArgReduceArgs<T>& g) { run<PlaceOf<T, 1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmin", "warp_shuffle", 20,
              "a warp an output, combined by shuffles; columns: a thread each", argmin_warp_shuffle)
template <class T> void argmin_warp_shuffle(const ArgReduceArgs<T>& g) { run<PlaceOf<T, -1>>(g); }

} // namespace
} // namespace stepgrad
