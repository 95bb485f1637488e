// Dropout's mask on CUDA: a thread a block of random words.
//
// The generator is a function of a counter, so threads share nothing and the mask has the bits of NumPy's. See philox.h.
// What limits it: 64-bit multiplications, of which a GPU makes each from several 32-bit ones; and each thread
// stores its 8 numbers one by one.
//
// y: [n]. n elements written; 40 multiplications of 64 bits for 8 numbers.
#include "cuda/collectives.h"
#include "random/philox.h"

namespace stepgrad {
namespace {

template <class T> __global__ void mask_kernel(DropoutMaskArgs<T> g, long blocks) {
  for (long block = global_thread(); block < blocks; block += grid_threads()) mask_block(g, block);
}

STEPGRAD_RUNG(DropoutMaskArgs, "dropout_mask", "naive", 0, "a thread a block of random words",
              dropout_mask_naive)
template <class T> void dropout_mask_naive(const DropoutMaskArgs<T>& g) {
  const long blocks = (g.n + NUMBERS - 1) / NUMBERS;
  if (blocks) launch(mask_kernel<T>, grid_for(blocks, THREADS), THREADS, 0, g, blocks);
}

} // namespace
} // namespace stepgrad
