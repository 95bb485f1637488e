// Top rung of the unary ops and their gradients on CUDA: 16 bytes a load.
//
// What changes: a thread loads 4 floats (2 doubles) with one instruction. A quarter of the instructions, and four times
// the bytes on their way while a warp waits. The elements beyond the last whole pack, or all of them where a pointer is
// not aligned to 16 bytes (a slice that starts in the middle of an array), go through the same formula one by one.
// What limits it: memory, at close to the speed of a copy.
//
// x, y, saved, dy, dx: [n]. 2n elements moved, 3n for a gradient.
#include "cuda/collectives.h"
#include "elementwise/cuda_formulas.h"

namespace stepgrad {
namespace {

template <class T, class F> __global__ void unary_kernel(const T* x, T* y, long n, long packs, F f) {
  using P = Pack<T>;
  for (long i = global_thread(); i < packs; i += grid_threads()) {
    const P in = reinterpret_cast<const P*>(x)[i];
    P out;
#pragma unroll
    for (int k = 0; k < P::N; k++) out.v[k] = f(in.v[k]);
    reinterpret_cast<P*>(y)[i] = out;
  }
  for (long i = packs * P::N + global_thread(); i < n; i += grid_threads()) y[i] = f(x[i]);
}

template <class T, class F>
__global__ void gradient_kernel(const T* saved, const T* dy, T* dx, long n, long packs, F f) {
  using P = Pack<T>;
  for (long i = global_thread(); i < packs; i += grid_threads()) {
    const P a = reinterpret_cast<const P*>(saved)[i], b = reinterpret_cast<const P*>(dy)[i];
    P out;
#pragma unroll
    for (int k = 0; k < P::N; k++) out.v[k] = f(a.v[k], b.v[k]);
    reinterpret_cast<P*>(dx)[i] = out;
  }
  for (long i = packs * P::N + global_thread(); i < n; i += grid_threads()) dx[i] = f(saved[i], dy[i]);
}

template <class T, class F> void run(const UnaryArgs<T>& g, F f) {
  if (g.n == 0) return;
  const long packs = can_pack(g.x) && can_pack(g.y) ? g.n / Pack<T>::N : 0;
  launch(unary_kernel<T, F>, grid_for(packs ? packs : g.n, THREADS), THREADS, 0, g.x, g.y, g.n, packs, f);
}

template <class T, class F> void run(const UnaryGradientArgs<T>& g, F f) {
  if (g.n == 0) return;
  const long packs = can_pack(g.saved) && can_pack(g.dy) && can_pack(g.dx) ? g.n / Pack<T>::N : 0;
  launch(gradient_kernel<T, F>, grid_for(packs ? packs : g.n, THREADS), THREADS, 0, g.saved, g.dy, g.dx, g.n,
         packs, f);
}

STEPGRAD_RUNG(UnaryArgs, "exp", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", exp_vectorised)
template <class T> void exp_vectorised(const UnaryArgs<T>& g) { run(g, Exp{}); }

STEPGRAD_RUNG(UnaryArgs, "log", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", log_vectorised)
template <class T> void log_vectorised(const UnaryArgs<T>& g) { run(g, Log{}); }

STEPGRAD_RUNG(UnaryArgs, "sqrt", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", sqrt_vectorised)
template <class T> void sqrt_vectorised(const UnaryArgs<T>& g) { run(g, Sqrt{}); }

STEPGRAD_RUNG(UnaryArgs, "tanh", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", tanh_vectorised)
template <class T> void tanh_vectorised(const UnaryArgs<T>& g) { run(g, Tanh{}); }

STEPGRAD_RUNG(UnaryArgs, "erf", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", erf_vectorised)
template <class T> void erf_vectorised(const UnaryArgs<T>& g) { run(g, Erf{}); }

STEPGRAD_RUNG(UnaryArgs, "sigmoid", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", sigmoid_vectorised)
template <class T> void sigmoid_vectorised(const UnaryArgs<T>& g) { run(g, Sigmoid{}); }

STEPGRAD_RUNG(UnaryArgs, "silu", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", silu_vectorised)
template <class T> void silu_vectorised(const UnaryArgs<T>& g) { run(g, Silu{}); }

STEPGRAD_RUNG(UnaryArgs, "softplus", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", softplus_vectorised)
template <class T> void softplus_vectorised(const UnaryArgs<T>& g) { run(g, Softplus{}); }

STEPGRAD_RUNG(UnaryArgs, "gelu", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", gelu_vectorised)
template <class T> void gelu_vectorised(const UnaryArgs<T>& g) { run(g, Gelu{}); }

STEPGRAD_RUNG(UnaryArgs, "gelu_tanh", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", gelu_tanh_vectorised)
template <class T> void gelu_tanh_vectorised(const UnaryArgs<T>& g) { run(g, GeluTanh{}); }

STEPGRAD_RUNG(UnaryArgs, "relu", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", relu_vectorised)
template <class T> void relu_vectorised(const UnaryArgs<T>& g) { run(g, Relu{}); }

STEPGRAD_RUNG(UnaryArgs, "negative", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", negative_vectorised)
template <class T> void negative_vectorised(const UnaryArgs<T>& g) { run(g, Negative{}); }

STEPGRAD_RUNG(UnaryArgs, "abs", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", abs_vectorised)
template <class T> void abs_vectorised(const UnaryArgs<T>& g) { run(g, Abs{}); }

STEPGRAD_RUNG(UnaryArgs, "square", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", square_vectorised)
template <class T> void square_vectorised(const UnaryArgs<T>& g) { run(g, Square{}); }

STEPGRAD_RUNG(UnaryArgs, "round_bf16", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", round_bf16_vectorised)
template <class T> void round_bf16_vectorised(const UnaryArgs<T>& g) { run(g, RoundBf16{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "relu_gradient", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", relu_gradient_vectorised)
template <class T> void relu_gradient_vectorised(const UnaryGradientArgs<T>& g) { run(g, ReluGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "sigmoid_gradient", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", sigmoid_gradient_vectorised)
template <class T> void sigmoid_gradient_vectorised(const UnaryGradientArgs<T>& g) {
  run(g, SigmoidGradient{});
}

STEPGRAD_RUNG(UnaryGradientArgs, "tanh_gradient", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", tanh_gradient_vectorised)
template <class T> void tanh_gradient_vectorised(const UnaryGradientArgs<T>& g) { run(g, TanhGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "silu_gradient", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", silu_gradient_vectorised)
template <class T> void silu_gradient_vectorised(const UnaryGradientArgs<T>& g) { run(g, SiluGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_gradient", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", gelu_gradient_vectorised)
template <class T> void gelu_gradient_vectorised(const UnaryGradientArgs<T>& g) { run(g, GeluGradient{}); }

STEPGRAD_RUNG(UnaryGradientArgs, "gelu_tanh_gradient", "vectorised", 10,
              "16 bytes a load: fewer instructions, more bytes on their way", gelu_tanh_gradient_vectorised)
template <class T> void gelu_tanh_gradient_vectorised(const UnaryGradientArgs<T>& g) {
  run(g, GeluTanhGradient{});
}

} // namespace
} // namespace stepgrad
