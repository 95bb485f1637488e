// Second rung of dropout's mask on the CPU: every core makes blocks of its own.
//
// What changes: block number b of the mask needs b and the key, and nothing of the blocks before it. So the blocks are cut over the
// cores, and the mask has the same bits for any number of them, which a generator with a state cannot give.
//
// y: [n]. n elements written; ten rounds of two 128-bit products for 8 numbers, one after the other: that is the limit.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "random/philox.h"

namespace stepgrad {
namespace {

constexpr double NANOSECONDS = 40.0; // a block

STEPGRAD_RUNG(DropoutMaskArgs, "dropout_mask", "threads", 1, "blocks of random words on all cores",
              dropout_mask_threads)
template <class T> void dropout_mask_threads(const DropoutMaskArgs<T>& g) {
  parallel_for((g.n + NUMBERS - 1) / NUMBERS, NANOSECONDS, [&](long begin, long end) {
    for (long block = begin; block < end; block++) mask_block(g, block);
  });
}

} // namespace
} // namespace stepgrad
