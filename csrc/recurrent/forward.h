// A whole sequence forward: the body of lstm_fused and gru_fused.
//
//   The columns of the weights are packed by units: one register tile of a few samples holds all four gates of one vector of
//   units, so that the functions and the new state are computed in registers, and x W is never written anywhere.
//   A thread owns its samples for the whole sequence: no thread waits for another between steps.
//   Packed: [block of units][n, then units][columns][VL], zeros beyond the last unit. Bias: [block][4][VL].
#pragma once
#include "common/denormals.h"
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "recurrent/cell.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

#if STEPGRAD_ISA_LEVEL == 2 || defined(__aarch64__)
constexpr int STEP_ROWS = 6; // 32 registers: 6 x 4 accumulators, 6 of x or h, 1 of the weights
#else
constexpr int STEP_ROWS = 3; // 16 registers: 3 x 4 accumulators, 3 of x or h, 1 of the weights
#endif

template <class T, class Cell> struct Forward {
  const SequenceArgs<T>& g;
  const T* weights; // packed
  const T* bias;    // packed
  long stride;      // of a row of the state: units, rounded up to whole vectors
  // One thread's samples, those from `first` on:
  long first;
  const T* x; // [rows, n] of this step
  const T* h; // [rows, stride] before the step
  T* next;    // [rows, stride] after it
  T* c;       // [rows, stride], in place

  // a[i][to[k]] += v[i, depth] w[depth, k]
  template <int mr>
  static STEPGRAD_INLINE void multiply(vec<T> (&a)[mr][4], const int* to, const T* v, long ldv, const T* w,
                                       long depth) {
    constexpr int columns = Cell::columns;
    for (long d = 0; d < depth; d++, v++, w += columns * VL<T>) {
      vec<T> s[mr];
      STEPGRAD_UNROLL for (int i = 0; i < mr; i++) s[i] = splat(v[i * ldv]);
      STEPGRAD_UNROLL for (int k = 0; k < columns; k++) {
        const vec<T> one = load(w + k * VL<T>);
        STEPGRAD_UNROLL for (int i = 0; i < mr; i++) a[i][to[k]] += s[i] * one;
      }
    }
  }

  // Samples i to i + mr, one block of units, one step.
  template <int mr> void tile(long t, long i, long block) {
    vec<T> a[mr][4], kept[mr][4];
    STEPGRAD_UNROLL for (int r = 0; r < mr; r++) {
      STEPGRAD_UNROLL for (int k = 0; k < 4; k++) a[r][k] = load(bias + (block * 4 + k) * VL<T>);
    }
    const T* w = weights + block * (g.n + g.units) * Cell::columns * VL<T>;
    multiply<mr>(a, Cell::x_to, x + i * g.n, g.n, w, g.n);
    multiply<mr>(a, Cell::h_to, h + i * stride, stride, w + g.n * Cell::columns * VL<T>, g.units);
    STEPGRAD_UNROLL for (int r = 0; r < mr; r++) {
      STEPGRAD_UNROLL for (int k = 0; k < 4; k++) kept[r][k] = a[r][k];
    }
    finish(t, i, mr, block * VL<T>, kept);
  }

  void finish(long t, long i, int rows, long unit, vec<T> (*a)[4]) {
    const long count = std::min(VL<T>, g.units - unit);
    const auto counts = [&](long row) { return !g.mask || g.mask[(first + i + row) * g.time + t] != 0; };
    vec<T> c_new[STEP_ROWS];
    for (int r = 0; r < rows; r++) {
      const vec<T> before = Cell::has_c ? load(c + (i + r) * stride + unit) : vec<T>{};
      c_new[r] = Cell::gates(a[r], before);
      if (!counts(r)) c_new[r] = before;
    }
    for (int r = 0; r < rows; r++) {
      const long at = (i + r) * stride + unit, b = first + i + r;
      const vec<T> before = load(h + at);
      vec<T> h_new = Cell::state(a[r], before, c_new[r]);
      if (!counts(r)) h_new = before;
      store(next + at, h_new);
      if (Cell::has_c) store(c + at, c_new[r]);
      if (g.hs) store_n(g.hs + (b * g.time + t) * g.units + unit, h_new, count);
      if (g.gates) {
        T* gate = g.gates + (t * g.batch + b) * 4 * g.units + unit;
        for (int k = 0; k < 4; k++) store_n(gate + k * g.units, a[r][k], count);
        if (Cell::has_c) store_n(g.cells + (t * g.batch + b) * g.units + unit, c_new[r], count);
      }
    }
  }

  void tiles(long t, long i, long n, long block) {
    using Fn = void (Forward::*)(long, long, long);
    static constexpr Fn fn[] = {&Forward::tile<1>, &Forward::tile<2>,
                                &Forward::tile<3>,
#if STEPGRAD_ISA_LEVEL == 2 || defined(__aarch64__)
                                &Forward::tile<4>, &Forward::tile<5>,
                                &Forward::tile<6>
#endif
    };
    for (long count = (n + STEP_ROWS - 1) / STEP_ROWS; count > 0;
         count--) { // shared out evenly: 8 rows are 3 + 3 + 2
      const long mr = (n + count - 1) / count;
      (this->*fn[mr - 1])(t, i, block);
      i += mr, n -= mr;
    }
  }

  // The whole sequence for samples [begin, end).
  void run(long begin, long end) {
    const FlushDenormals flush;
    const long rows = end - begin, state = rows * stride;
    T* memory = scratch<T>(Scratch::PRODUCT, rows * g.n + 3 * state);
    T *x_rows = memory, *h_rows = memory + rows * g.n, *other = h_rows + state;
    first = begin, x = x_rows, c = other + state;
    std::fill_n(h_rows, 3 * state, T(0));
    for (long i = 0; i < rows; i++) {
      std::copy_n(g.h0 + (begin + i) * g.units, g.units, h_rows + i * stride);
      if (Cell::has_c) std::copy_n(g.c0 + (begin + i) * g.units, g.units, c + i * stride);
    }
    for (long t = 0; t < g.time; t++, std::swap(h_rows, other)) {
      for (long i = 0; i < rows; i++)
        std::copy_n(g.x + ((begin + i) * g.time + t) * g.n, g.n, x_rows + i * g.n);
      h = h_rows, next = other;
      for (long block = 0; block * VL<T> < g.units; block++) tiles(t, 0, rows, block);
    }
    for (long i = 0; i < rows; i++) {
      std::copy_n(h_rows + i * stride, g.units, g.h + (begin + i) * g.units);
      if (Cell::has_c) std::copy_n(c + i * stride, g.units, g.c + (begin + i) * g.units);
    }
  }
};

// W [depth, columns * units] -> [depth][columns][VL] for the block of units from `unit` on.
template <class T, class Cell> void pack_units(const T* W, long depth, long units, long unit, T* packed) {
  const long count = std::min(VL<T>, units - unit);
  for (long row = 0; row < depth * Cell::columns; row++) {
    store(packed + row * VL<T>, load_n(W + row * units + unit, count));
  }
}

template <class T, class Cell> void run_forward(const SequenceArgs<T>& g) {
  const long blocks = (g.units + VL<T> - 1) / VL<T>, depth = g.n + g.units,
             block_size = depth * Cell::columns * VL<T>;
  T* weights = scratch<T>(Scratch::PACKED_B, blocks * (block_size + 4 * VL<T>));
  T* bias = weights + blocks * block_size;
  for (long block = 0; block < blocks; block++) {
    const long unit = block * VL<T>, count = std::min(VL<T>, g.units - unit);
    T* packed = weights + block * block_size;
    pack_units<T, Cell>(g.kernel, g.n, g.units, unit, packed);
    pack_units<T, Cell>(g.recurrent_kernel, g.units, g.units, unit, packed + g.n * Cell::columns * VL<T>);
    vec<T> sums[4] = {};
    for (int k = 0; k < Cell::columns; k++) {
      sums[Cell::x_to[k]] += load_n(g.bias + k * g.units + unit, count);
      if (Cell::columns == 3) sums[Cell::h_to[k]] += load_n(g.bias + (3 + k) * g.units + unit, count);
    }
    for (int k = 0; k < 4; k++) store(bias + (block * 4 + k) * VL<T>, sums[k]);
  }
  const long group = rows_of_group(g.batch), groups = (g.batch + group - 1) / group;
  const double ns =
      double(g.time) * double(group) * double(g.units) * (double(depth) * Cell::columns * 0.02 + 3);
  parallel_for(groups, ns, [&](long begin, long end) {
    Forward<T, Cell> forward{g, weights, bias, blocks * VL<T>, 0, nullptr, nullptr, nullptr, nullptr};
    forward.run(begin * group, std::min(g.batch, end * group));
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
