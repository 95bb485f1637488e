// Second rung of LSTM and GRU on CUDA: the state never leaves the SM, and what does not depend on it is done for all steps at once.
//
// What changes:
// 1. x W for all steps is one product of matmul's warp tile before the walk, and the gradients of W, U and x are such products
//    after it. The walk itself has only h U left, which is half of the work or less.
// 2. The block that takes ROWS samples through the sequence keeps their h and c in shared memory. A thread finishes all gates of its
//    units in registers, and h has two buffers: one barrier a step forward, where the rung below has two and four trips to memory.
//    The ROWS samples of a unit lie beside each other, so that a read of 16 bytes, the same for all lanes, serves 4 C multiply-adds.
// 3. Backward, dz lies in shared memory too, for the product with U; global memory gets it once, for the products after the walk.
//
// Shapes: recurrent.h; xW [batch, time, C units], dz [batch, time, 4 units], before [batch, time, units] (h before each step), with
// C = 4 columns, or 3. FLOPs as in naive.cu. Shared memory: 12 * ROWS bytes a unit forward, 28 * ROWS backward.
// Limit: U, C * units^2 numbers, still goes from L2 to every block in every step, and batch / ROWS blocks occupy only so many SMs.
// (cuDNN's persistent kernels keep U in the registers of all SMs, which then wait for each other in every step.)
#include "cuda/column_sums.h"
#include "matmul/warp_tile.h"
#include "recurrent/cuda_cells.h"

namespace stepgrad {
namespace {

constexpr int THREADS = 256, ROWS = 4;
constexpr size_t MOST_SHARED = 160 * 1024; // of a block, on an A100; an H100 has more

struct alignas(16) Samples { // a number for each sample of a block
  float of[ROWS];
};

// xW: [batch, time, C units], without bias.
template <class Cell>
__global__ void __launch_bounds__(THREADS) sequence_kernel(SequenceArgs<float> g, const float* xW) {
  constexpr int C = Cell::COLUMNS;
  const int H = int(g.units);
  const long b0 = long(blockIdx.x) * ROWS;
  const int rows = int(g.batch - b0 < ROWS ? g.batch - b0 : ROWS);
  DYNAMIC_SHARED(Samples, now); // h before this step, [units]
  Samples *next = now + H, *const c_of = next + H, *h = now;
  for (int e = threadIdx.x; e < H * ROWS; e += THREADS) {
    const int row = e / H, j = e % H;
    h[j].of[row] = row < rows ? g.h0[(b0 + row) * H + j] : 0;
    if (Cell::HAS_C) c_of[j].of[row] = row < rows ? g.c0[(b0 + row) * H + j] : 0;
  }
  __syncthreads();
  for (long t = 0; t < g.time; t++) {
    for (int j = threadIdx.x; j < H; j += THREADS) {
      float z[ROWS][4];
#pragma unroll
      for (int k = 0; k < 4; k++) {
        const float bias = Cell::bias(g.bias, g.units, k, j);
#pragma unroll
        for (int row = 0; row < ROWS; row++)
          z[row][k] = k < C && row < rows ? bias + xW[((b0 + row) * g.time + t) * C * H + k * H + j] : bias;
      }
      for (int k = 0; k < H; k++) {
        const Samples before = h[k];
#pragma unroll
        for (int c = 0; c < C; c++) {
          const float u = g.recurrent_kernel[(long(k) * C + c) * H + j];
#pragma unroll
          for (int row = 0; row < ROWS; row++) z[row][Cell::h_to(c)] += before.of[row] * u;
        }
      }
#pragma unroll
      for (int row = 0; row < ROWS; row++) {
        if (row >= rows) continue;
        const long b = b0 + row;
        const bool counts = !g.mask || g.mask[b * g.time + t] != 0;
        float c = Cell::HAS_C ? c_of[j].of[row] : 0, new_c = c;
        const float new_h = Cell::forward(z[row], h[j].of[row], new_c), kept = counts ? new_h : h[j].of[row];
        c = counts ? new_c : c;
        next[j].of[row] = kept;
        if (Cell::HAS_C) c_of[j].of[row] = c; // nobody else's
        if (g.hs) g.hs[(b * g.time + t) * H + j] = kept;
        if (Cell::HAS_C && g.cells) g.cells[(t * g.batch + b) * H + j] = c;
        if (g.gates)
#pragma unroll
          for (int k = 0; k < 4; k++) g.gates[((t * g.batch + b) * 4 + k) * H + j] = z[row][k];
      }
    }
    __syncthreads(); // the new h is complete, and nobody reads the old one
    Samples* const old = h;
    h = next, next = old;
  }
  for (int e = threadIdx.x; e < rows * H; e += THREADS) {
    const int row = e / H, j = e % H;
    g.h[(b0 + row) * H + j] = h[j].of[row];
    if (Cell::HAS_C) g.c[(b0 + row) * H + j] = c_of[j].of[row];
  }
}

// Writes dz [batch, time, 4 units], before [batch, time, units], gh0 and gc0.
template <class Cell>
__global__ void __launch_bounds__(THREADS)
    sequence_gradient_kernel(SequenceGradientArgs<float> g, float* dz, float* before) {
  constexpr int C = Cell::COLUMNS;
  const int H = int(g.units), lane = threadIdx.x % 32;
  const long b0 = long(blockIdx.x) * ROWS;
  const int rows = int(g.batch - b0 < ROWS ? g.batch - b0 : ROWS);
  DYNAMIC_SHARED(Samples, z_of);                                                // dz of this step, [4 units]
  Samples *dh_of = z_of + 4 * H, *dc_of = dh_of + H, *const h_part = dc_of + H; // [units] each
  for (int e = threadIdx.x; e < H * ROWS; e += THREADS) {
    const int row = e / H, j = e % H;
    dh_of[j].of[row] = row < rows ? g.gh[(b0 + row) * H + j] : 0;
    if (Cell::HAS_C) dc_of[j].of[row] = row < rows ? g.gc[(b0 + row) * H + j] : 0;
  }
  __syncthreads();
  for (long t = g.time - 1; t >= 0; t--) {
    for (int e = threadIdx.x; e < H * ROWS; e += THREADS) {
      const int row = e / H, j = e % H;
      const long b = b0 + row, step = b * g.time + t;
      float z[4] = {}, dh = 0;
      if (row < rows) {
        dh = dh_of[j].of[row] + (g.ghs ? g.ghs[step * H + j] : 0);
        const float h_before = t ? g.hs[(step - 1) * H + j] : g.h0[b * H + j];
        before[step * H + j] = h_before;
        if (!g.mask || g.mask[step] != 0) {
          const float* at = g.gates + (t * g.batch + b) * 4 * H + j;
          const float gate[] = {at[0], at[H], at[2 * H], at[3 * H]};
          float c_before = 0, c = 0, dc = 0;
          if (Cell::HAS_C) {
            c_before = t ? g.cells[((t - 1) * g.batch + b) * H + j] : g.c0[b * H + j];
            c = g.cells[(t * g.batch + b) * H + j], dc = dc_of[j].of[row];
          }
          Cell::backward(gate, h_before, c_before, c, dh, dc, z);
          if (Cell::HAS_C) dc_of[j].of[row] = dc;
        }
      }
      h_part[j].of[row] = dh; // what does not come through U
#pragma unroll
      for (int k = 0; k < 4; k++) {
        z_of[k * H + j].of[row] = z[k];
        if (row < rows) dz[(step * 4 + k) * H + j] = z[k];
      }
    }
    __syncthreads();
    for (int k = threadIdx.x / 32; k < H; k += THREADS / 32) { // a warp a unit, its lanes along the row of U
      Samples sum = {};
#pragma unroll
      for (int c = 0; c < C; c++)
        for (int j = lane; j < H; j += 32) {
          const float u = g.recurrent_kernel[(long(k) * C + c) * H + j];
          const Samples z = z_of[Cell::h_to(c) * H + j];
#pragma unroll
          for (int row = 0; row < ROWS; row++) sum.of[row] += u * z.of[row];
        }
#pragma unroll
      for (int row = 0; row < ROWS; row++) {
        for (int d = 16; d; d /= 2) sum.of[row] += __shfl_xor_sync(0xffffffffu, sum.of[row], d);
        if (lane == row) dh_of[k].of[row] = h_part[k].of[row] + sum.of[row];
      }
    }
    __syncthreads();
  }
  for (int e = threadIdx.x; e < rows * H; e += THREADS) {
    const int row = e / H, j = e % H;
    g.gh0[(b0 + row) * H + j] = dh_of[j].of[row];
    if (Cell::HAS_C) g.gc0[(b0 + row) * H + j] = dc_of[j].of[row];
  }
}

template <class Cell> bool run(const SequenceArgs<float>& g) {
  const size_t bytes = 3 * sizeof(Samples) * size_t(g.units);
  if (bytes > MOST_SHARED) return false;
  const long columns = Cell::COLUMNS * g.units, steps = g.batch * g.time;
  if (g.batch * g.units == 0) return true;
  const Temporary<float> xW(std::max(1L, steps * columns));
  multiply_by_warp_tiles(MatmulArgs<float>{1, steps, columns, g.n, g.x, 0, g.n, 1, g.kernel, 0, columns, 1,
                                           xW.data(), 0, columns},
                         AsItIs());
  launch(sequence_kernel<Cell>, dim3(blocks_for(g.batch, ROWS)), dim3(THREADS), bytes, g, xW.data());
  return true;
}

struct ColumnOf { // of dz
  const float* dz;
  long width;
  __device__ void operator()(long i, long j, float* v) const { *v = dz[i * width + j]; }
};

template <class Cell> bool run_back(const SequenceGradientArgs<float>& g) {
  const size_t bytes = 7 * sizeof(Samples) * size_t(g.units);
  if (bytes > MOST_SHARED) return false;
  const long H = g.units, columns = Cell::COLUMNS * H, steps = g.batch * g.time;
  const Temporary<float> dz(std::max(1L, steps * 4 * H)), before(std::max(1L, steps * H));
  if (g.batch * H > 0)
    launch(sequence_gradient_kernel<Cell>, dim3(blocks_for(g.batch, ROWS)), dim3(THREADS), bytes, g,
           dz.data(), before.data());
  // to[k][..] = v[.., k] . dz, for `count` columns of dz from `from` on, which belong in the columns from `at` on; and their sums
  const auto weights = [&](const float* v, long n, long from, long count, long at, float* to, float* sums) {
    multiply_by_warp_tiles(
        MatmulArgs<float>{1, n, count, steps, v, 0, 1, n, dz.data() + from, 0, 4 * H, 1, to + at, 0, columns},
        AsItIs());
    if (sums) sum_columns<1>(ColumnOf{dz.data() + from, 4 * H}, steps, count, sums + at);
  };
  weights(g.x, g.n, 0, columns, 0, g.gkernel, g.gbias);
  if (Cell::COLUMNS == 4) {
    weights(before.data(), H, 0, columns, 0, g.grecurrent_kernel, nullptr);
  } else { // z and r stand together; q is the last of dz, but the third of U
    weights(before.data(), H, 0, 2 * H, 0, g.grecurrent_kernel, g.gbias + columns);
    weights(before.data(), H, 3 * H, H, 2 * H, g.grecurrent_kernel, g.gbias + columns);
  }
  if (g.gx)
    multiply_by_warp_tiles(MatmulArgs<float>{1, steps, g.n, columns, dz.data(), 0, 4 * H, 1, g.kernel, 0, 1,
                                             columns, g.gx, 0, g.n},
                           AsItIs());
  return true;
}

} // namespace

STEPGRAD_RUNG_F32(LstmSequenceArgs, "lstm_sequence", "shared_state", 20,
                  "x W of all steps in one product; h and c stay in shared memory", lstm_shared_state)
void lstm_shared_state(const LstmSequenceArgs<float>& g) {
  if (!run<LstmCell>(g)) lstm_naive(g); // too many units for shared memory
}

STEPGRAD_RUNG_F32(LstmSequenceGradientArgs, "lstm_sequence_gradient", "shared_state", 20,
                  "dh and dc stay in shared memory; the gradients of weights in one product each",
                  lstm_gradient_shared_state)
void lstm_gradient_shared_state(const LstmSequenceGradientArgs<float>& g) {
  if (!run_back<LstmCell>(g)) lstm_gradient_naive(g);
}

STEPGRAD_RUNG_F32(GruSequenceArgs, "gru_sequence", "shared_state", 20,
                  "x W of all steps in one product; h stays in shared memory", gru_shared_state)
void gru_shared_state(const GruSequenceArgs<float>& g) {
  if (!run<GruCell>(g)) gru_naive(g);
}

STEPGRAD_RUNG_F32(GruSequenceGradientArgs, "gru_sequence_gradient", "shared_state", 20,
                  "dh stays in shared memory; the gradients of weights in one product each",
                  gru_gradient_shared_state)
void gru_gradient_shared_state(const GruSequenceGradientArgs<float>& g) {
  if (!run_back<GruCell>(g)) gru_gradient_naive(g);
}

} // namespace stepgrad
