// Bottom rung of LSTM and GRU on CUDA: a block takes a few samples through the whole sequence, a thread some of their units.
//
// Step t + 1 needs the whole state of step t, and only threads of one block can wait for each other; so the samples are cut among the
// blocks, and nothing else. A thread computes the four accumulators of a unit for all ROWS samples of its block: a weight that was
// read serves ROWS times. Backward walks the same way from the last step to the first and leaves the gradients dz of the
// accumulators behind; the gradients of the weights and of x are products with dz, a kernel each. What differs between LSTM and
// GRU stands in cuda_cells.h.
//
// Shapes: recurrent.h; dz [time, batch, 4 units]. With C = 4 columns, or 3: 2 C * (n + units) * units FLOPs a sample and step forward,
// twice that backward.
// Limit: the weights, (n + units) * C * units numbers, go from L2 to every block in every step, and batch / ROWS blocks occupy
// only so many SMs: time * (batch / ROWS) * (n + units) * C * units elements in all. The state goes through global memory.
#include "recurrent/cuda_cells.h"
#include <algorithm>

namespace stepgrad {
namespace {

constexpr int THREADS = 256, ROWS = 4;

// z[to(column)][row] += v[row][k] W[k][column * units + j] over k < n; v[row] = v + row * stride. Rows from `rows` on are left alone.
template <class Cell, bool FROM_H, class T>
__device__ void add_products(const T* v, long stride, const T* W, long n, long units, long j, int rows,
                             T (&z)[4][ROWS]) {
  for (long k = 0; k < n; k++) {
    T w[Cell::COLUMNS];
#pragma unroll
    for (int c = 0; c < Cell::COLUMNS; c++) w[c] = W[(k * Cell::COLUMNS + c) * units + j];
#pragma unroll
    for (int row = 0; row < ROWS; row++)
      if (row < rows) {
        const T x = v[row * stride + k];
#pragma unroll
        for (int c = 0; c < Cell::COLUMNS; c++) z[FROM_H ? Cell::h_to(c) : c][row] += x * w[c];
      }
  }
}

// gates: [time, batch, 4 units], or [1, batch, 4 units] where they are not kept; first the accumulators.
template <class Cell, class T>
__global__ void __launch_bounds__(THREADS) sequence_kernel(SequenceArgs<T> g, T* gates) {
  const long H = g.units, b0 = long(blockIdx.x) * ROWS;
  const int rows = int(g.batch - b0 < ROWS ? g.batch - b0 : ROWS);
  for (long e = threadIdx.x; e < rows * H; e += THREADS) {
    g.h[b0 * H + e] = g.h0[b0 * H + e];
    if (Cell::HAS_C) g.c[b0 * H + e] = g.c0[b0 * H + e];
  }
  __syncthreads();
  for (long t = 0; t < g.time; t++) {
    T* now = gates + ((g.gates ? t * g.batch : 0) + b0) * 4 * H; // [rows][4 units]
    for (long j = threadIdx.x; j < H; j += THREADS) {
      T z[4][ROWS];
#pragma unroll
      for (int k = 0; k < 4; k++)
#pragma unroll
        for (int row = 0; row < ROWS; row++) z[k][row] = Cell::bias(g.bias, H, k, j);
      add_products<Cell, false>(g.x + (b0 * g.time + t) * g.n, g.time * g.n, g.kernel, g.n, H, j, rows, z);
      add_products<Cell, true>(g.h + b0 * H, H, g.recurrent_kernel, H, H, j, rows, z);
#pragma unroll
      for (int row = 0; row < ROWS; row++)
        if (row < rows)
#pragma unroll
          for (int k = 0; k < 4; k++) now[(row * 4 + k) * H + j] = z[k][row];
    }
    __syncthreads(); // every thread has read the h of the step before
    for (long e = threadIdx.x; e < rows * H; e += THREADS) {
      const long row = e / H, j = e % H, b = b0 + row;
      T a[4];
#pragma unroll
      for (int k = 0; k < 4; k++) a[k] = now[(row * 4 + k) * H + j];
      const T before = g.h[b * H + j];
      T c = Cell::HAS_C ? g.c[b * H + j] : T(0), new_c = c, h = Cell::forward(a, before, new_c);
      if (g.mask && g.mask[b * g.time + t] == 0)
        h = before;
      else
        c = new_c;
      if (g.gates)
#pragma unroll
        for (int k = 0; k < 4; k++) now[(row * 4 + k) * H + j] = a[k];
      g.h[b * H + j] = h;
      if (g.hs) g.hs[(b * g.time + t) * H + j] = h;
      if (Cell::HAS_C) g.c[b * H + j] = c;
      if (Cell::HAS_C && g.cells) g.cells[(t * g.batch + b) * H + j] = c;
    }
    __syncthreads();
  }
}

template <class Cell, class T> void run(const SequenceArgs<T>& g) {
  if (g.batch * g.units == 0) return;
  Temporary<T> scratch(g.gates ? 1 : g.batch * 4 * g.units);
  launch(sequence_kernel<Cell, T>, dim3(blocks_for(g.batch, ROWS)), dim3(THREADS), 0, g,
         g.gates ? g.gates : scratch.data());
}

template <class T> __device__ T sum_of_warp(T x) {
  for (int step = 16; step; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}

// dh and dc live in gh0 and gc0, which is where they end.
template <class Cell, class T>
__global__ void __launch_bounds__(THREADS) sequence_gradient_kernel(SequenceGradientArgs<T> g, T* dz) {
  const long H = g.units, b0 = long(blockIdx.x) * ROWS;
  const int rows = int(g.batch - b0 < ROWS ? g.batch - b0 : ROWS);
  for (long e = threadIdx.x; e < rows * H; e += THREADS) {
    g.gh0[b0 * H + e] = g.gh[b0 * H + e];
    if (Cell::HAS_C) g.gc0[b0 * H + e] = g.gc[b0 * H + e];
  }
  __syncthreads();
  for (long t = g.time - 1; t >= 0; t--) {
    T* now = dz + (t * g.batch + b0) * 4 * H; // [rows][4 units]
    for (long e = threadIdx.x; e < rows * H; e += THREADS) {
      const long row = e / H, j = e % H, b = b0 + row, step = b * g.time + t;
      T dh = g.gh0[b * H + j] + (g.ghs ? g.ghs[step * H + j] : T(0));
      T z[4] = {};
      if (!g.mask || g.mask[step] != 0) {
        const T* at = g.gates + (t * g.batch + b) * 4 * H + j;
        const T gate[] = {at[0], at[H], at[2 * H], at[3 * H]};
        const T h_before = t ? g.hs[(step - 1) * H + j] : g.h0[b * H + j];
        T c_before = 0, c = 0, dc = 0;
        if (Cell::HAS_C) {
          c_before = t ? g.cells[((t - 1) * g.batch + b) * H + j] : g.c0[b * H + j];
          c = g.cells[(t * g.batch + b) * H + j], dc = g.gc0[b * H + j];
        }
        Cell::backward(gate, h_before, c_before, c, dh, dc, z);
        if (Cell::HAS_C) g.gc0[b * H + j] = dc;
      }
      g.gh0[b * H + j] = dh;
#pragma unroll
      for (int k = 0; k < 4; k++) now[(row * 4 + k) * H + j] = z[k];
    }
    __syncthreads();
    // gh0[row][k] += dz[row] . U[k]: a warp for each k, its lanes along the row of U
    const int lane = threadIdx.x % 32;
    for (long k = threadIdx.x / 32; k < H; k += THREADS / 32) {
      T sum[ROWS] = {};
      for (int c = 0; c < Cell::COLUMNS; c++)
        for (long j = lane; j < H; j += 32) {
          const T u = g.recurrent_kernel[(k * Cell::COLUMNS + c) * H + j];
#pragma unroll
          for (int row = 0; row < ROWS; row++)
            if (row < rows) sum[row] += u * now[(row * 4 + Cell::h_to(c)) * H + j];
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

// gW[k][j] = sum over steps and samples of v[k] dz[j], a thread for each; v is x, the h before the step, or 1 for a bias.
enum class Left { X, H, ONE };
template <class Cell, bool FROM_H, class T>
__global__ void weight_gradient_kernel(SequenceGradientArgs<T> g, const T* dz, Left left, long n, T* gW) {
  const long columns = Cell::COLUMNS * g.units, e = long(blockIdx.x) * THREADS + threadIdx.x, k = e / columns,
             c = e % columns / g.units;
  if (k >= n) return;
  const long j = (FROM_H ? Cell::h_to(int(c)) : c) * g.units + e % g.units;
  T sum = 0;
  for (long b = 0; b < g.batch; b++)
    for (long t = 0; t < g.time; t++) {
      T v = 1;
      if (left == Left::X) v = g.x[(b * g.time + t) * n + k];
      if (left == Left::H) v = t ? g.hs[(b * g.time + t - 1) * n + k] : g.h0[b * n + k];
      sum += v * dz[(t * g.batch + b) * 4 * g.units + j];
    }
  gW[e] = sum;
}

// gx[b][t][k] = dz . W[k], a warp for each.
template <class Cell, class T> __global__ void input_gradient_kernel(SequenceGradientArgs<T> g, const T* dz) {
  const long e = (long(blockIdx.x) * THREADS + threadIdx.x) / 32, k = e % g.n, t = e / g.n % g.time,
             b = e / g.n / g.time, columns = Cell::COLUMNS * g.units;
  if (b >= g.batch) return;
  T sum = 0;
  for (long j = threadIdx.x % 32; j < columns; j += 32)
    sum += g.kernel[k * columns + j] * dz[(t * g.batch + b) * 4 * g.units + j];
  sum = sum_of_warp(sum);
  if (threadIdx.x % 32 == 0) g.gx[e] = sum;
}

template <class Cell, class T> void run_back(const SequenceGradientArgs<T>& g) {
  const long columns = Cell::COLUMNS * g.units, inputs = g.batch * g.time * g.n;
  Temporary<T> dz(std::max(1L, g.time * g.batch * 4 * g.units));
  if (g.batch * g.units > 0)
    launch(sequence_gradient_kernel<Cell, T>, dim3(blocks_for(g.batch, ROWS)), dim3(THREADS), 0, g,
           dz.data());
  const auto weights = [&](auto kernel, Left left, long n, T* gW) {
    if (n * columns > 0)
      launch(kernel, dim3(blocks_for(n * columns, THREADS)), dim3(THREADS), 0, g, dz.data(), left, n, gW);
  };
  weights(weight_gradient_kernel<Cell, false, T>, Left::X, g.n, g.gkernel);
  weights(weight_gradient_kernel<Cell, true, T>, Left::H, g.units, g.grecurrent_kernel);
  weights(weight_gradient_kernel<Cell, false, T>, Left::ONE, 1, g.gbias);
  if (!Cell::HAS_C) weights(weight_gradient_kernel<Cell, true, T>, Left::ONE, 1, g.gbias + columns);
  if (g.gx && inputs > 0)
    launch(input_gradient_kernel<Cell, T>, dim3(blocks_for(inputs * 32, THREADS)), dim3(THREADS), 0, g,
           dz.data());
}

} // namespace

STEPGRAD_RUNG(LstmSequenceArgs, "lstm_sequence", "naive", 0,
              "a block takes 4 samples through the whole sequence", lstm_naive)
template <class T> void lstm_naive(const LstmSequenceArgs<T>& g) { run<LstmCell>(g); }

STEPGRAD_RUNG(LstmSequenceGradientArgs, "lstm_sequence_gradient", "naive", 0,
              "a block takes 4 samples back through the sequence, then a product for each gradient",
              lstm_gradient_naive)
template <class T> void lstm_gradient_naive(const LstmSequenceGradientArgs<T>& g) { run_back<LstmCell>(g); }

STEPGRAD_RUNG(GruSequenceArgs, "gru_sequence", "naive", 0,
              "a block takes 4 samples through the whole sequence", gru_naive)
template <class T> void gru_naive(const GruSequenceArgs<T>& g) { run<GruCell>(g); }

STEPGRAD_RUNG(GruSequenceGradientArgs, "gru_sequence_gradient", "naive", 0,
              "a block takes 4 samples back through the sequence, then a product for each gradient",
              gru_gradient_naive)
template <class T> void gru_gradient_naive(const GruSequenceGradientArgs<T>& g) { run_back<GruCell>(g); }

} // namespace stepgrad
