// Dropout's mask on the CPU: block after block of random words, see philox.h.
//
// y: [n]. n elements written; ten rounds of four multiplications for 8 numbers.
#include "common/registry.h"
#include "random/philox.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG(DropoutMaskArgs, "dropout_mask", "naive", 0, "one block of random words after the other",
              dropout_mask_naive)
template <class T> void dropout_mask_naive(const DropoutMaskArgs<T>& g) {
  for (long block = 0; block < (g.n + NUMBERS - 1) / NUMBERS; block++) mask_block(g, block);
}

} // namespace
} // namespace stepgrad
