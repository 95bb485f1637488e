// Top rung of the optimizer updates on CUDA: one launch for all variables.
//
// What changes: a network has dozens of small variables, and a launch of some microseconds for each costs more than its
// work. Here the pointers and sizes of up to 40 or so variables travel as the argument of one kernel (CUDA allows 4 KB of
// them). Each block takes 1024 weights of one variable; it finds out which by comparing its number with where the blocks of
// each variable begin.
// What limits it: memory. (The idea is that of NVIDIA Apex's multi_tensor_apply.)
//
// All arrays [n] of each variable. Adam: 7n elements moved, about 12n FLOPs.
#include "optimizer/cuda_steps.h"

namespace stepgrad {
namespace {

constexpr long WEIGHTS = 4 * THREADS; // of a block

template <class Args> struct Batch {
  static constexpr int MOST = 4000 / (sizeof(Args) + sizeof(long));
  Args each[MOST];
  long first_block[MOST];
  int count;
};

template <class Args> __global__ void update_kernel(Batch<Args> batch) {
  int variable = 0; // the last one whose blocks begin at or before this block
  while (variable + 1 < batch.count && batch.first_block[variable + 1] <= long(blockIdx.x)) variable++;
  const Args u = batch.each[variable];
  const long begin = (long(blockIdx.x) - batch.first_block[variable]) * WEIGHTS;
  const long end = begin + WEIGHTS < u.n ? begin + WEIGHTS : u.n;
  for (long i = begin + threadIdx.x; i < end; i += THREADS) step(u, i);
}

template <class Args> void run(const Many<Args>& many) {
  Batch<Args> batch;
  batch.count = 0;
  long blocks = 0;
  for (long k = 0; k < many.count; k++) {
    const Args& u = many.each[k];
    if (u.n > 0) {
      batch.each[batch.count] = u;
      batch.first_block[batch.count++] = blocks;
      blocks += blocks_for(u.n, WEIGHTS);
    }
    const bool last = k + 1 == many.count;
    if (batch.count == Batch<Args>::MOST || (last && batch.count > 0)) {
      launch(update_kernel<Args>, unsigned(blocks), THREADS, 0, batch);
      batch.count = 0, blocks = 0;
    }
  }
}

STEPGRAD_RUNG(ManySgdArgs, "sgd_update", "multi_tensor", 10, "one launch for all variables", sgd_multi_tensor)
template <class T> void sgd_multi_tensor(const ManySgdArgs<T>& all) { run(all); }

STEPGRAD_RUNG(ManyAdamArgs, "adam_update", "multi_tensor", 10, "one launch for all variables",
              adam_multi_tensor)
template <class T> void adam_multi_tensor(const ManyAdamArgs<T>& all) { run(all); }

STEPGRAD_RUNG(ManyRmspropArgs, "rmsprop_update", "multi_tensor", 10, "one launch for all variables",
              rmsprop_multi_tensor)
template <class T> void rmsprop_multi_tensor(const ManyRmspropArgs<T>& all) { run(all); }

STEPGRAD_RUNG(ManyAdagradArgs, "adagrad_update", "multi_tensor", 10, "one launch for all variables",
              adagrad_multi_tensor)
template <class T> void adagrad_multi_tensor(const ManyAdagradArgs<T>& all) { run(all); }

} // namespace
} // namespace stepgrad
