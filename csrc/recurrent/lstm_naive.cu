// Bottom rung of the LSTM on CUDA: a block takes a few samples through the whole sequence, a thread some of their units.
//
// Step t + 1 needs the whole state of step t, and only threads of one block can wait for each other; so the samples are cut among the
// blocks, and nothing else. A thread computes the four gates of a unit for all ROWS samples of its block: a weight that was
// read serves ROWS times. Backward walks the same way from the last step to the first and leaves the gradients dz of the
// gates before their functions behind; the gradients of the weights and of x are products with dz, a kernel each.
//
// Shapes: recurrent.h; dz [time, batch, 4 units]. 8 * (n + units) * units FLOPs a sample and step forward, twice that backward.
// Limit: the weights, (n + units) * 4 units numbers, go from L2 to every block in every step, and batch / ROWS blocks occupy
// only so many SMs. (cuDNN computes x W for all steps in one product first, and keeps U in registers across steps.)
#include "cuda/cuda.h"
#include "recurrent/recurrent.h"
#include <algorithm>
#include <cmath>

namespace stepgrad {
namespace {

constexpr int THREADS = 256, ROWS = 4;

template <class T> __device__ T sigmoid(T x) { return 1 / (1 + std::exp(-x)); }

// z[gate][row] += v[row][k] W[k][gate * units + j] over k < n; v[row] = v + row * stride. Rows from `rows` on are left alone.
template <class T>
__device__ void add_products(const T* v, long stride, const T* W, long n, long units, long j, int rows,
                             T (&z)[4][ROWS]) {
  for (long k = 0; k < n; k++) {
    T w[4];
#pragma unroll
    for (int gate = 0; gate < 4; gate++) w[gate] = W[(k * 4 + gate) * units + j];
#pragma unroll
    for (int row = 0; row < ROWS; row++)
      if (row < rows) {
        const T x = v[row * stride + k];
#pragma unroll
        for (int gate = 0; gate < 4; gate++) z[gate][row] += x * w[gate];
      }
  }
}

// gates: [time, batch, 4 units], or [1, batch, 4 units] where they are not kept.
template <class T>
__global__ void __launch_bounds__(THREADS) lstm_naive_kernel(LstmSequenceArgs<T> g, T* gates) {
  const long H = g.units, b0 = long(blockIdx.x) * ROWS;
  const int rows = int(g.batch - b0 < ROWS ? g.batch - b0 : ROWS);
  for (long e = threadIdx.x; e < rows * H; e += THREADS)
    g.h[b0 * H + e] = g.h0[b0 * H + e], g.c[b0 * H + e] = g.c0[b0 * H + e];
  __syncthreads();
  for (long t = 0; t < g.time; t++) {
    T* now = gates + ((g.gates ? t * g.batch : 0) + b0) * 4 * H; // [rows][4 units]
    for (long j = threadIdx.x; j < H; j += THREADS) {
      T z[4][ROWS];
#pragma unroll
      for (int gate = 0; gate < 4; gate++)
#pragma unroll
        for (int row = 0; row < ROWS; row++) z[gate][row] = g.bias[gate * H + j];
      add_products(g.x + (b0 * g.time + t) * g.n, g.time * g.n, g.kernel, g.n, H, j, rows, z);
      add_products(g.h + b0 * H, H, g.recurrent_kernel, H, H, j, rows, z);
#pragma unroll
      for (int row = 0; row < ROWS; row++)
        if (row < rows) {
          T* at = now + row * 4 * H + j;
          at[0] = sigmoid(z[0][row]), at[H] = sigmoid(z[1][row]);
          at[2 * H] = std::tanh(z[2][row]), at[3 * H] = sigmoid(z[3][row]);
        }
    }
    __syncthreads(); // every thread has read the h of the step before
    for (long e = threadIdx.x; e < rows * H; e += THREADS) {
      const long row = e / H, j = e % H, b = b0 + row;
      const T* at = now + row * 4 * H + j;
      T h = g.h[b * H + j], c = g.c[b * H + j];
      if (!g.mask || g.mask[b * g.time + t] != 0) {
        c = at[H] * c + at[0] * at[2 * H];
        h = at[3 * H] * std::tanh(c);
        g.h[b * H + j] = h, g.c[b * H + j] = c;
      }
      if (g.hs) g.hs[(b * g.time + t) * H + j] = h;
      if (g.cells) g.cells[(t * g.batch + b) * H + j] = c;
    }
    __syncthreads();
  }
}

STEPGRAD_RUNG(LstmSequenceArgs, "lstm_sequence", "naive", 0,
              "a block takes 4 samples through the whole sequence", lstm_naive)
template <class T> void lstm_naive(const LstmSequenceArgs<T>& g) {
  if (g.batch * g.units == 0) return;
  Temporary<T> scratch(g.gates ? 1 : g.batch * 4 * g.units);
  launch(lstm_naive_kernel<T>, dim3(blocks_for(g.batch, ROWS)), dim3(THREADS), 0, g,
         g.gates ? g.gates : scratch.data());
}

template <class T> __device__ T sum_of_warp(T x) {
  for (int step = 16; step; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}

// With D = dc + dh o (1 - tanh(c)^2):  dz = [D g i (1 - i),  D c_before f (1 - f),  D i (1 - g^2),  dh tanh(c) o (1 - o)].
// dh and dc live in gh0 and gc0, which is where they end.
template <class T>
__global__ void __launch_bounds__(THREADS) lstm_gradient_naive_kernel(LstmSequenceGradientArgs<T> g, T* dz) {
  const long H = g.units, b0 = long(blockIdx.x) * ROWS;
  const int rows = int(g.batch - b0 < ROWS ? g.batch - b0 : ROWS);
  for (long e = threadIdx.x; e < rows * H; e += THREADS)
    g.gh0[b0 * H + e] = g.gh[b0 * H + e], g.gc0[b0 * H + e] = g.gc[b0 * H + e];
  __syncthreads();
  for (long t = g.time - 1; t >= 0; t--) {
    T* now = dz + (t * g.batch + b0) * 4 * H; // [rows][4 units]
    for (long e = threadIdx.x; e < rows * H; e += THREADS) {
      const long row = e / H, j = e % H, b = b0 + row, step = b * g.time + t;
      T dh = g.gh0[b * H + j] + (g.ghs ? g.ghs[step * H + j] : T(0));
      T z[4] = {};
      if (!g.mask || g.mask[step] != 0) {
        const T* at = g.gates + (t * g.batch + b) * 4 * H + j;
        const T i = at[0], f = at[H], u = at[2 * H], o = at[3 * H];
        const T c_before = t ? g.cells[((t - 1) * g.batch + b) * H + j] : g.c0[b * H + j];
        const T tanh_c = std::tanh(g.cells[(t * g.batch + b) * H + j]);
        const T D = g.gc0[b * H + j] + dh * o * (1 - tanh_c * tanh_c);
        z[0] = D * u * i * (1 - i), z[1] = D * c_before * f * (1 - f);
        z[2] = D * i * (1 - u * u), z[3] = dh * tanh_c * o * (1 - o);
        g.gc0[b * H + j] = D * f;
        dh = 0; // what goes on to the step before comes through U
      }
      g.gh0[b * H + j] = dh;
      for (int gate = 0; gate < 4; gate++) now[row * 4 * H + gate * H + j] = z[gate];
    }
    __syncthreads();
    // gh0[row][k] += dz[row] . U[k]: a warp for each k, its lanes along the row of U
    const int lane = threadIdx.x % 32;
    for (long k = threadIdx.x / 32; k < H; k += THREADS / 32) {
      T sum[ROWS] = {};
      for (long j = lane; j < 4 * H; j += 32) {
        const T u = g.recurrent_kernel[k * 4 * H + j];
#pragma unroll
        for (int row = 0; row < ROWS; row++)
          if (row < rows) sum[row] += u * now[row * 4 * H + j];
      }
#pragma unroll
      for (int row = 0; row < ROWS; row++) {
        const T total = sum_of_warp(sum[row]);
        if (lane == 0 && row < rows) g.gh0[(b0 + row) * H + k] += total;
      }
    }
    __syncthreads();
  }
}

// gW[k][j] = sum over steps and samples of v[k] dz[j], a thread for each; v is x, the h before the step, or 1 for the bias.
enum class Left { X, H, ONE };
template <class T>
__global__ void weight_gradient_kernel(LstmSequenceGradientArgs<T> g, const T* dz, Left left, long n, T* gW) {
  const long columns = 4 * g.units, e = long(blockIdx.x) * THREADS + threadIdx.x, k = e / columns,
             j = e % columns;
  if (k >= n) return;
  T sum = 0;
  for (long b = 0; b < g.batch; b++)
    for (long t = 0; t < g.time; t++) {
      T v = 1;
      if (left == Left::X) v = g.x[(b * g.time + t) * n + k];
      if (left == Left::H) v = t ? g.hs[(b * g.time + t - 1) * n + k] : g.h0[b * n + k];
      sum += v * dz[(t * g.batch + b) * columns + j];
    }
  gW[e] = sum;
}

// gx[b][t][k] = dz . W[k], a warp for each.
template <class T> __global__ void input_gradient_kernel(LstmSequenceGradientArgs<T> g, const T* dz) {
  const long e = (long(blockIdx.x) * THREADS + threadIdx.x) / 32, k = e % g.n, t = e / g.n % g.time,
             b = e / g.n / g.time;
  if (b >= g.batch) return;
  T sum = 0;
  for (long j = threadIdx.x % 32; j < 4 * g.units; j += 32)
    sum += g.kernel[k * 4 * g.units + j] * dz[(t * g.batch + b) * 4 * g.units + j];
  sum = sum_of_warp(sum);
  if (threadIdx.x % 32 == 0) g.gx[e] = sum;
}

STEPGRAD_RUNG(LstmSequenceGradientArgs, "lstm_sequence_gradient", "naive", 0,
              "a block takes 4 samples back through the sequence, then a product for each gradient",
              lstm_gradient_naive)
template <class T> void lstm_gradient_naive(const LstmSequenceGradientArgs<T>& g) {
  const long columns = 4 * g.units;
  Temporary<T> dz(std::max(1L, g.time * g.batch * columns));
  if (g.batch * g.units > 0)
    launch(lstm_gradient_naive_kernel<T>, dim3(blocks_for(g.batch, ROWS)), dim3(THREADS), 0, g, dz.data());
  const auto weights = [&](Left left, long n, T* gW) {
    if (n * columns > 0)
      launch(weight_gradient_kernel<T>, dim3(blocks_for(n * columns, THREADS)), dim3(THREADS), 0, g,
             dz.data(), left, n, gW);
  };
  weights(Left::X, g.n, g.gkernel), weights(Left::H, g.units, g.grecurrent_kernel),
      weights(Left::ONE, 1, g.gbias);
  const long inputs = g.batch * g.time * g.n;
  if (g.gx && inputs > 0)
    launch(input_gradient_kernel<T>, dim3(blocks_for(inputs * 32, THREADS)), dim3(THREADS), 0, g, dz.data());
}

} // namespace
} // namespace stepgrad
