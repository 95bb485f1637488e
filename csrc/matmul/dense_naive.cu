// Bottom rung of dense on CUDA: a thread an element of Y, which adds the bias and applies f before it writes. Backward: a thread
// an element of dX, dW or db, which computes the elements of dZ that it needs.
//
// X [M, K], W [K, N], b [N], Y [M, N] (dense.h). 2*M*N*K FLOPs. Neighbouring threads own neighbouring columns: W is read coalesced,
// and the element of X is the same for a warp. Backward 4*M*N*K FLOPs, and dZ 2*K + 1 times.
// Limit: 8 bytes from L1 or L2 for each multiply-add, nothing is used twice out of a register.
#include "cuda/cuda.h"
#include "elementwise/cuda_activation.h"
#include "matmul/dense.h"

namespace stepgrad {
namespace {

constexpr int THREADS = 256;

template <class T> __global__ void dense_naive_kernel(DenseArgs<T> g) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x, i = e / g.N, j = e % g.N;
  if (i >= g.M) return;
  T sum = 0;
  for (long k = 0; k < g.K; k++) sum += g.X[i * g.K + k] * g.W[k * g.N + j];
  g.Y[e] = activate(g.activation, sum + g.b[j]);
}

STEPGRAD_RUNG(DenseArgs, "dense", "naive", 0, "a thread an element, with bias and activation", dense_naive)
template <class T> void dense_naive(const DenseArgs<T>& g) {
  if (g.M * g.N > 0) launch(dense_naive_kernel<T>, dim3(blocks_for(g.M * g.N, THREADS)), dim3(THREADS), 0, g);
}

template <class T> __device__ T gradient_of_z(const DenseGradientArgs<T>& g, long i, long j) {
  return gradient_before(g.activation, g.Y[i * g.N + j], g.dY[i * g.N + j]);
}

template <class T> __global__ void input_gradient_kernel(DenseGradientArgs<T> g) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x, i = e / g.K, k = e % g.K;
  if (i >= g.M) return;
  T sum = 0;
  for (long j = 0; j < g.N; j++) sum += gradient_of_z(g, i, j) * g.W[k * g.N + j];
  g.dX[e] = sum;
}

// Row K of the kernel's gradient is that of the bias: its input is 1.
template <class T> __global__ void weight_gradient_kernel(DenseGradientArgs<T> g) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x, k = e / g.N, j = e % g.N;
  if (k > g.K) return;
  T sum = 0;
  for (long i = 0; i < g.M; i++) sum += (k < g.K ? g.X[i * g.K + k] : T(1)) * gradient_of_z(g, i, j);
  (k < g.K ? g.dW[e] : g.db[j]) = sum;
}

STEPGRAD_RUNG(DenseGradientArgs, "dense_gradient", "naive", 0, "a thread an element of each gradient",
              dense_gradient_naive)
template <class T> void dense_gradient_naive(const DenseGradientArgs<T>& g) {
  if (g.dX && g.M * g.K > 0)
    launch(input_gradient_kernel<T>, dim3(blocks_for(g.M * g.K, THREADS)), dim3(THREADS), 0, g);
  if (g.N > 0)
    launch(weight_gradient_kernel<T>, dim3(blocks_for((g.K + 1) * g.N, THREADS)), dim3(THREADS), 0, g);
}

} // namespace
} // namespace stepgrad
