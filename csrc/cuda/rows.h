// A matrix [rows, n] on CUDA, a group of threads a row: one thread, a warp or a block.
//
// group.rank is this thread's place, group.size() how many there are; group.reduce combines a value of each and gives the
// result to all.
#pragma once
#include "cuda/collectives.h"

namespace stepgrad {

struct OneThread {
  static constexpr int LANES = 1; // threads a row
  int rank = 0;
  __device__ static OneThread me() { return {}; }
  __device__ static int size() { return 1; }
  template <class V, class Combine> __device__ V reduce(V v, Combine) const { return v; }
};

struct OneWarp {
  static constexpr int LANES = WARP;
  int rank;
  __device__ static OneWarp me() { return {int(threadIdx.x % WARP)}; }
  __device__ static int size() { return WARP; }
  template <class V, class Combine> __device__ V reduce(V v, Combine combine) const {
    return warp_reduce(v, combine);
  }
};

struct OneBlock {
  static constexpr int LANES = THREADS;
  int rank;
  __device__ static OneBlock me() { return {int(threadIdx.x)}; }
  __device__ static int size() { return THREADS; }
  template <class V, class Combine> __device__ V reduce(V v, Combine combine) const {
    return block_reduce(v, combine);
  }
};

// Row::apply(args, row, group) for every row.
template <class Row, class Group, class Args> __global__ void rows_kernel(Args g) {
  for (long row = global_thread() / Group::LANES; row < g.rows; row += grid_threads() / Group::LANES)
    Row::apply(g, row, Group::me());
}

template <class Row, class Group, class Args> void run_rows(const Args& g) {
  if (g.rows) launch(rows_kernel<Row, Group, Args>, grid_for(g.rows * Group::LANES, THREADS), THREADS, 0, g);
}

} // namespace stepgrad
