// Bottom rung of the unary ops and their gradients on CUDA: a thread an element, and the next one a whole grid further on.
//
// Neighbouring threads take neighbouring elements, so the 32 loads of a warp fall into four sectors of 32 bytes: already
// coalesced, and hard to beat. The stride over the grid makes any n right for any number of blocks.
// What limits it: memory. Each warp has only one load of 128 bytes on its way before it needs the value.
//
// x, y, saved, dy, dx: [n]. 2n elements moved, 3n for a gradient; 1 to about 40 FLOPs an element.
#include "cuda/collectives.h"
#include "elementwise/cuda_formulas.h"

namespace stepgrad {
namespace {

template <class T, class F> __global__ void unary_kernel(const T* x, T* y, long n, F f) {
  for (long i = global_thread(); i < n; i += grid_threads()) y[i] = f(x[i]);
}

template <class T, class F> __global__ void gradient_kernel(const T* saved, const T* dy, T* dx, long n, F f) {
  for (long i = global_thread(); i < n; i += grid_threads()) dx[i] = f(saved[i], dy[i]);
}

template <class T, class F> void run(const UnaryArgs<T>& g, F f) {
  if (g.n) launch(unary_kernel<T, F>, grid_for(g.n, THREADS), THREADS, 0, g.x, g.y, g.n, f);
}

template <class T, class F> void run(const UnaryGradientArgs<T>& g, F f) {
  if (g.n) launch(gradient_kernel<T, F>, grid_for(g.n, THREADS), THREADS, 0, g.saved, g.dy, g.dx, g.n, f);
}

STEPGRAD_RUNG(UnaryArgs, "exp", "naive", 0, "a thread an element, coalesced", exp_naive)
template <class T> void exp_naive(const UnaryArgs<T>& g) { run(g, Exp{}); }

STEPGRAD_RUNG(UnaryArgs, "log", "naive", 0, "a thread an element, coalesced", log_naive)
template <class T> void log_naive(const UnaryArgs<T>& g) { run(g, Log{}); }

STEPGRAD_RUNG(UnaryArgs, "sqrt", "naive", 0, "a thread an element, coalesced", sqrt_naive)
template <class T> void sqrt_naive(const UnaryArgs<T>& g) { run(g, Sqrt{}); }

STEPGRAD_RUNG(UnaryArgs, "tanh", "naive", 0, "a thread an element, coalesced", tanh_naive)
template <class T> void tanh_naive(const UnaryArgs<T>& g) { run(g, Tanh{}); }

STEPGRAD_RUNG(UnaryArgs, "erf", "naive", 0, "a thread an element, coalesced", erf_naive)
template <class T> void erf_naive(const UnaryArgs<T>& g) { run(g, Erf{}); }

STEPGRAD_RUNG(UnaryArgs, "sigmoid", "naive", 0, "a thread an element, coalesced", sigmoid_naive)
template <class T> void sigmoid_naive(const UnaryArgs<T>& g) { run(g, Sigmoid{}); }

STEPGRAD_RUNG(UnaryArgs, "silu", "naive", 0, "a thread an element, coalesced", silu_naive)
template <class T> void silu_naive(const UnaryArgs<T>& g) { run(g, Silu{}); }

STEPGRAD_RUNG(UnaryArgs, "softplus", "naive", 0, "a thread an element, coalesced", softplus_naive)
template <class T> void softplus_naive(const UnaryArgs<T>& g) { run(g, Softplus{}); }

STEPGRAD_RUNG(UnaryArgs, "gelu", "naive", 0, "a thread an element, coalesced", gelu_naive)
template <class T> void gelu_naive(const UnaryArgs<T>& g) { run(g, Gelu{}); }

STEPGRAD_RUNG(UnaryArgs, "gelu_tanh", "naive", 0, "a thread an element, coalesced", gelu_tanh_naive)
template <class T> void gelu_tanh_naive(const UnaryArgs<T>& g) { run(g, GeluTanh{}); }

STEPGRAD_RUNG(UnaryArgs, "relu", "naive", 0, "a thread an element, coalesced", relu_naive)
template <class T> void relu_naive(const UnaryArgs<T>& g) { run(g, Relu{}); }

STEPGRAD_RUNG(UnaryArgs, "negative", "naive", 0, "a thread an element, coalesced", negative_naive)
template <class T> void negative_naive(const UnaryArgs<T>& g) { run(g, Negative{}); }

STEPGRAD_RUNG(UnaryArgs, "abs", "naive", 0, "a thread an element, coalesced", abs_naive)
template <class T> void abs_naive(const UnaryArgs<T>& g) { run(g, Abs{}); }

STEPGRAD_RUNG(UnaryArgs, "square", "naive", 0, "a thread an element, coalesced", square_naive)
template <class T> void square_naive(const UnaryArgs<T>& g) { run(g, Square{}); }

STEPGRAD_RUNG(UnaryArgs, "round_bf16", "naive", 0, "a thread an element, coalesced", round_bf16_naive)
template <class T> void round_bf16_naive(const UnaryArgs<T>& g) { run(g, RoundBf16{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "relu_gradient", "naive", 0, "a thread an element, coalesced",
              relu_gradient_naive)
template <class T> void relu_gradient_naive(const UnaryGradientArgs<T>& g) { run(g, ReluGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "sigmoid_gradient", "naive", 0, "a thread an element, coalesced",
              sigmoid_gradient_naive)
template <class T> void sigmoid_gradient_naive(const UnaryGradientArgs<T>& g) { run(g, SigmoidGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "tanh_gradient", "naive", 0, "a thread an element, coalesced",
              tanh_gradient_naive)
template <class T> void tanh_gradient_naive(const UnaryGradientArgs<T>& g) { run(g, TanhGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "silu_gradient", "naive", 0, "a thread an element, coalesced",
              silu_gradient_naive)
template <class T> void silu_gradient_naive(const UnaryGradientArgs<T>& g) { run(g, SiluGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_gradient", "naive", 0, "a thread an element, coalesced",
              gelu_gradient_naive)
template <class T> void gelu_gradient_naive(const UnaryGradientArgs<T>& g) { run(g, GeluGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_tanh_gradient", "naive", 0, "a thread an element, coalesced",
              gelu_tanh_gradient_naive)
template <class T> void gelu_tanh_gradient_naive(const UnaryGradientArgs<T>& g) {
  run(g, GeluTanhGradient{});
}

} // namespace
} // namespace stepgrad
