// Top rung of the reductions on CUDA: a long axis is cut into pieces, their results are reduced by a second launch.
//
// What changes: with few outputs the axis itself is shared out, until there is a warp (inner = 1) or a thread (inner > 1)
// for every piece and enough of them to fill the GPU. How it is cut depends on the sizes alone and the second pass combines
// the pieces in order: unlike atomicAdd, the same bits on every run.
// What limits it: memory; for short arrays the second launch, so what fits into one piece is done in one.
//
// x: [outer, n, inner], out: [outer, inner]; between the passes [outer, pieces, inner] running results. outer * n *
// inner operations and as many elements read.
#include "reduce/cuda_operations.h"

namespace stepgrad {
namespace {

constexpr long SHORTEST = 2048, ENOUGH = 4096; // elements of a piece; pieces of all outputs

// Result p of output o, over x[o, p * length ... , i]. `lanes` of them share a piece: 32 where inner = 1, else 1.
template <class Op, class Args>
__global__ void pieces_kernel(Args g, typename Op::Running* partial, long pieces, long length, int lanes) {
  const Op op;
  const long total = g.outer * pieces * g.inner;
  for (long p = global_thread() / lanes; p < total; p += grid_threads() / lanes) {
    const long i = p % g.inner, piece = p / g.inner % pieces, o = p / g.inner / pieces;
    const auto* x = g.x + o * g.n * g.inner + i;
    const long end = (piece + 1) * length < g.n ? (piece + 1) * length : g.n;
    auto running = Op::begin();
    for (long k = piece * length + threadIdx.x % lanes; k < end; k += lanes)
      running = op(running, Op::take(x[k * g.inner], k));
    if (lanes == WARP) running = warp_reduce(running, op);
    if (threadIdx.x % lanes == 0) {
      if (pieces == 1)
        g.out[p] = Op::finish(running, g.n);
      else
        partial[p] = running;
    }
  }
}

// The pieces of output o lie `inner` apart. A warp an output.
template <class Op, class Args>
__global__ void combine_kernel(Args g, const typename Op::Running* partial, long pieces) {
  const Op op;
  for (long o = global_thread() / WARP; o < g.outer * g.inner; o += grid_threads() / WARP) {
    auto running = Op::begin();
    for (long p = threadIdx.x % WARP; p < pieces; p += WARP)
      running = op(running, partial[(o / g.inner * pieces + p) * g.inner + o % g.inner]);
    running = warp_reduce(running, op);
    if (threadIdx.x % WARP == 0) g.out[o] = Op::finish(running, g.n);
  }
}

template <class Op, class Args> void run(const Args& g) {
  const long outputs = g.outer * g.inner;
  if (outputs == 0) return;
  const int lanes = g.inner == 1 ? WARP : 1;
  const long shortest =
      lanes == 1 ? SHORTEST / WARP : SHORTEST; // what a thread alone takes in about the same time
  const long wanted = (ENOUGH * (WARP / lanes) + outputs - 1) / outputs,
             possible = (g.n + shortest - 1) / shortest;
  const long pieces = wanted < possible ? wanted : possible > 0 ? possible : 1;
  const long length = (g.n + pieces - 1) / pieces;
  Temporary<typename Op::Running> partial(pieces > 1 ? outputs * pieces : 1);
  launch(pieces_kernel<Op, Args>, grid_for(outputs * pieces * lanes, THREADS), THREADS, 0, g, partial.data(),
         pieces, length, lanes);
  if (pieces > 1)
    launch(combine_kernel<Op, Args>, grid_for(outputs, THREADS / WARP), THREADS, 0, g, partial.data(),
           pieces);
}

STEPGRAD_RUNG(ReduceArgs, "sum", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", sum_two_pass)
template <class T> void sum_two_pass(const ReduceArgs<T>& g) { run<SumOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "mean", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", mean_two_pass)
template <class T> void mean_two_pass(const ReduceArgs<T>& g) { run<MeanOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "prod", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", prod_two_pass)
template <class T> void prod_two_pass(const ReduceArgs<T>& g) { run<ProductOf<T>>(g); }

STEPGRAD_RUNG(ReduceArgs, "max", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", max_two_pass)
template <class T> void max_two_pass(const ReduceArgs<T>& g) { run<ExtremeOf<T, 1>>(g); }

STEPGRAD_RUNG(ReduceArgs, "min", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", min_two_pass)
template <class T> void min_two_pass(const ReduceArgs<T>& g) { run<ExtremeOf<T, -1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmax", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", argmax_two_pass)
template <class T> void argmax_two_pass(const ArgReduceArgs<T>& g) { run<PlaceOf<T, 1>>(g); }

STEPGRAD_RUNG(ArgReduceArgs, "argmin", "two_pass", 30,
              "a long axis in pieces, combined in order by a second launch", argmin_two_pass)
template <class T> void argmin_two_pass(const ArgReduceArgs<T>& g) { run<PlaceOf<T, -1>>(g); }

} // namespace
} // namespace stepgrad
