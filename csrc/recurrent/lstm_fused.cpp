// Top rung of the LSTM: a step's products and everything that follows in registers, samples shared among threads.
//
// What changes: the weights are packed so that one register tile holds all gates of a few samples and one vector of units;
// functions and state are computed there, x W is never stored. A thread keeps its samples for the whole sequence, with denormals
// flushed to zero. Backward the gradients of the weights gather the z of many steps. (forward.h, backward.h; the formulas of a
// step: cell.h)
//
// Shapes: recurrent.h. Per sample and step 8 * (n + units) * units FLOPs forward, twice that backward.
#include "common/registry.h"
#include "recurrent/backward.h"
#include "recurrent/forward.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(LstmSequenceArgs, "lstm_sequence", "fused", 10,
              "gates and state in registers, each thread keeps its samples for the whole sequence",
              lstm_fused)
template <class T> void lstm_fused(const LstmSequenceArgs<T>& g) { run_forward<T, Lstm>(g); }

STEPGRAD_RUNG(LstmSequenceGradientArgs, "lstm_sequence_gradient", "fused", 10,
              "weight gradients of many steps in one product, denormals flushed; threaded",
              lstm_gradient_fused)
template <class T> void lstm_gradient_fused(const LstmSequenceGradientArgs<T>& g) {
  run_backward<T, Lstm>(g);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
