// Bottom rung of the reductions on CUDA: a thread an output walks down the reduced axis.
//
// For inner > 1 neighbouring threads read neighbouring elements: coalesced. For inner = 1 they read n elements apart,
// and each load of a warp touches 32 sectors to use 4 bytes of each.
// What limits it: too few threads (one an output, whatever n is), each waiting for the addition before; and the sectors.
//
// x: [outer, n, inner], out: [outer, inner]. outer * n * inner operations and as many elements read.
#include "reduce/cuda_operations.h"

namespace stepgrad {
namespace {

template <class Op, class Args> __global__ void reduce_kernel(Args g) {
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
  if (outputs) launch(reduce_kernel<Op, Args>, grid_for(outputs, THREADS), THREADS, 0, g);
}

STEPGRAD_RUNG(ReduceArgs, "sum", "naive", 0, "a thread an output", sum_naive)
template <class T> void sum_naive(const ReduceArgs<T>& g) { run<SumOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "mean", "naive", 0, "a thread an output", mean_naive)
template <class T> void mean_naive(const ReduceArgs<T>& g) { run<MeanOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "prod", "naive", 0, "a thread an output", prod_naive)
template <class T> void prod_naive(const ReduceArgs<T>& g) { run<ProductOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "max", "naive", 0, "a thread an output", max_naive)
template <class T> void max_naive(const ReduceArgs<T>& g) { run<ExtremeOf<T, 1>>(g); }

STEPGRAD_RUNG(ReduceArgs, "min", "naive", 0, "a thread an output", min_naive)
template <class T> void min_naive(const ReduceArgs<T>& g) { run<ExtremeOf<T, -1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmax", "naive", 0, "a thread an output", argmax_naive)
template <class T> void argmax_naive(const ArgReduceArgs<T>& g) { run<PlaceOf<T, 1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmin", "naive", 0, "a thread an output", argmin_naive)
template <class T> void argmin_naive(const ArgReduceArgs<T>& g) { run<PlaceOf<T, -1>>(g); }

} // namespace
} // namespace stepgrad
