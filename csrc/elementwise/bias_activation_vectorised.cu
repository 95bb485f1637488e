// Top rung of bias_activation and its gradient on CUDA: 16 bytes a load, no division, and the bias's gradient in the same pass.
//
// What changes: a thread keeps its 4 columns (2 of double) and walks down the rows, with b in registers (cuda_rows.h). Backward
// it adds up what it writes; the sums of a block's threads meet in shared memory, those of the blocks in a second, small launch
// (cuda/column_sums.h). No atomics: the same bits on every run.
// What limits it: memory, at close to the speed of a copy. Against add and the activation one by one half of the bytes are left,
// backward 3 elements moved instead of 4; tanh's 20 instructions an element fit in between.
//
// x, y, dy, dx: [rows, n]; b, db: [n]. 2 * rows * n elements moved and as many FLOPs, besides the activation; backward 3 * rows * n.
#include "elementwise/cuda_bias_gradient.h"
#include "elementwise/cuda_rows.h"

namespace stepgrad {
namespace {

struct AddAndActivate {
  Activation f;
  template <class T> __device__ T operator()(T x, T b) const { return activate(f, x + b); }
};

STEPGRAD_RUNG(BiasActivationArgs, "bias_activation", "vectorised", 10,
              "16 bytes a load; the bias is loaded once a thread", bias_activation_vectorised)
template <class T> void bias_activation_vectorised(const BiasActivationArgs<T>& g) {
  run_rows(g.x, g.b, g.y, g.rows, g.n, AddAndActivate{g.activation});
}

STEPGRAD_RUNG(BiasActivationGradientArgs, "bias_activation_gradient", "vectorised", 10,
              "16 bytes a load; what is written is summed on the way", bias_activation_gradient_vectorised)
template <class T> void bias_activation_gradient_vectorised(const BiasActivationGradientArgs<T>& g) {
  bias_gradient(g);
}

} // namespace
} // namespace stepgrad
