// Twelve vectors of floats, each multiplied and added to again and again: enough of them that no multiply-add waits for
// the one before, and few enough that none leaves the registers. Compiled for every instruction set.
#include "common/peak.h"
#include "common/vec.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

static float multiply_adds(long rounds, double* flops) {
  constexpr int CHAINS = 12;
  volatile float factor = 0.5f, term = 1.0f; // volatile: not known to the compiler; the values settle at 2
  const vec<float> a = splat(float(factor)), b = splat(float(term));
  vec<float> x[CHAINS];
  for (int i = 0; i < CHAINS; i++) x[i] = b;
  for (long k = 0; k < rounds; k++) {
    STEPGRAD_UNROLL for (int i = 0; i < CHAINS; i++) x[i] = x[i] * a + b;
  }
  vec<float> sum{};
  for (int i = 0; i < CHAINS; i++) sum += x[i];
  *flops = 2.0 * double(rounds) * CHAINS * double(VL<float>);
  return fold_lanes<float>(sum, [](auto p, auto q) { return p + q; });
}

[[maybe_unused]] static const bool registered = register_multiply_adds(STEPGRAD_ISA_LEVEL, multiply_adds);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
