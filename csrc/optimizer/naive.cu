// Bottom rung of the optimizer updates on CUDA: a thread a weight, a launch a variable.
//
// Unlike the CPU's bottom rung it does everything for a weight at once: on a GPU the loops are the launch, and three of
// them would only move the arrays three times.
// What limits it: for big variables memory; for small ones (a bias of ten) the launch itself, some microseconds each,
// while most of the GPU stands idle.
//
// All arrays [n]. Adam: 7n elements moved, about 12n FLOPs.
#include "optimizer/cuda_steps.h"

namespace stepgrad {
namespace {

template <class Args> __global__ void update_kernel(Args u) {
  for (long i = global_thread(); i < u.n; i += grid_threads()) step(u, i);
}

template <class Args> void run(const Args& u) {
  if (u.n) launch(update_kernel<Args>, grid_for(u.n, THREADS), THREADS, 0, u);
}

STEPGRAD_RUNG(SgdArgs, "sgd_update", "naive", 0, "a thread a weight, a launch a variable", sgd_naive)
template <class T> void sgd_naive(const SgdArgs<T>& u) { run(u); }

STEPGRAD_RUNG(AdamArgs, "adam_update", "naive", 0, "a thread a weight, a launch a variable", adam_naive)
template <class T> void adam_naive(const AdamArgs<T>& u) { run(u); }

STEPGRAD_RUNG(RmspropArgs, "rmsprop_update", "naive", 0, "a thread a weight, a launch a variable",
              rmsprop_naive)
template <class T> void rmsprop_naive(const RmspropArgs<T>& u) { run(u); }

STEPGRAD_RUNG(AdagradArgs, "adagrad_update", "naive", 0, "a thread a weight, a launch a variable",
              adagrad_naive)
template <class T> void adagrad_naive(const AdagradArgs<T>& u) { run(u); }

} // namespace
} // namespace stepgrad
