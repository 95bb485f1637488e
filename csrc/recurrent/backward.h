// A whole sequence backward: the body of lstm_gradient_fused and gru_gradient_fused.
//
//   A group of samples walks back through the whole sequence on one thread. A step computes z, the gradient of the gates before
//   their functions, element by element, then dh = z U^T and dx = z W^T on register tiles.
//   z of several steps stays in cache until there are about 128 rows of it: then the gradients of the weights, x^T z and h^T z,
//   are one product each, instead of a thin one every step.
//   Every group has weight gradients of its own, which are added in the order of the groups: the same bits for any number of threads.
#pragma once
#include "common/denormals.h"
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "matmul/tile.h"
#include "recurrent/cell.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long GRADIENT_ROWS = 128; // rows of z that are gathered before the weights get them
constexpr long DEPTH = 256;         // a panel of DEPTH rows stays in L1

inline long panels_of(long n, long width) { return (n + width - 1) / width; }

// C[M, N] (+)= A[M, K] B[K, N]: B(p) gives the first row of B's panel p, rows ldb apart.
template <class T, class Panel>
void tiled_product(long M, long N, long K, const T* A, long rsa, long csa, const Panel& B, long ldb, T* C,
                   long ldc, bool accumulate) {
  const long tiles = panels_of(M, MR);
  for (long p = 0; p < panels_of(N, NR<T>); p++) {
    const T* panel = B(p);
    for (long k = 0; k == 0 || k < K; k += DEPTH)
      for (long i = 0, left = tiles; left > 0; left--) {
        const long mr = (M - i + left - 1) / left;
        run_tile<T, false>(int(mr), std::min(NR<T>, N - p * NR<T>), std::min(DEPTH, K - k),
                           A + i * rsa + k * csa, rsa, csa, panel + k * ldb, ldb, C + i * ldc + p * NR<T>,
                           ldc, accumulate || k > 0);
        i += mr;
      }
  }
}

// The transposed weights in panels: packed[panel][k][NR] = W[j, column(k)], zeros for j >= n.
template <class T, class Column>
void pack_transposed(const T* W, long n, long columns, const Column& column, T* packed) {
  for (long p = 0; p < panels_of(n, NR<T>); p++)
    for (long k = 0; k < columns; k++, packed += NR<T>)
      for (long j = 0; j < NR<T>; j++) {
        const long row = p * NR<T> + j;
        packed[j] = row < n ? W[row * columns + column(k)] : T(0);
      }
}

template <class T, class Cell> struct Backward {
  const SequenceGradientArgs<T>& g;
  const T* to_x; // W^T in panels
  const T* to_h; // U^T in panels
  long width = Cell::columns * g.units;
  long ldz = 4 * g.units +
             NR<T>; // room for whole vectors at the end, and rows do not all fall on the same cache sets
  long x_begin = Cell::x_begin * g.units, h_begin = Cell::h_begin * g.units;

  long partial_size() const { return (g.n + g.units) * width + 4 * g.units; }

  // z, and what stays in dh and dc, of sample b (row i of dh and dc) at step t.
  void gates_of(long t, long b, T* dh, T* dc, T* z) const {
    const long H = g.units, step = b * g.time + t;
    const bool counts = !g.mask || g.mask[step] != 0;
    const T* gate = g.gates + (t * g.batch + b) * 4 * H;
    const T* h_before = t ? g.hs + (step - 1) * H : g.h0 + b * H;
    const T* c = Cell::has_c ? g.cells + (t * g.batch + b) * H : nullptr;
    const T* c_before = Cell::has_c ? (t ? c - g.batch * H : g.c0 + b * H) : nullptr;
    for_each_strip<T>(H, [&](long j, long count) {
      vec<T> DH = load_n(dh + j, count), DC = Cell::has_c ? load_n(dc + j, count) : vec<T>{}, out[4] = {};
      if (g.ghs) DH += load_n(g.ghs + step * H + j, count);
      if (counts) {
        vec<T> kept[4];
        for (int k = 0; k < 4; k++) kept[k] = load_n(gate + k * H + j, count);
        const vec<T> before = Cell::has_c ? vec<T>{} : load_n(h_before + j, count);
        const vec<T> C = Cell::has_c ? load_n(c + j, count) : before;
        const vec<T> C_before = Cell::has_c ? load_n(c_before + j, count) : before;
        Cell::backward(kept, before, C_before, C, DH, DC, out);
      }
      for (int k = 0; k < 4; k++) store_n(z + k * H + j, out[k], count);
      store_n(dh + j, DH, count);
      if (Cell::has_c) store_n(dc + j, DC, count);
    });
  }

  // Adds what `rows` rows of z say of the weights. x [rows, n], h [rows, units]: what they were multiplied with.
  void add_to_weights(long rows, const T* z, const T* x, const T* h, T* partial) const {
    T *W = partial, *U = W + g.n * width, *bias = U + g.units * width;
    const auto columns = [&](long begin) { return [z, begin](long p) { return z + begin + p * NR<T>; }; };
    tiled_product<T>(g.n, width, rows, x, 1, g.n, columns(x_begin), ldz, W, width, true);
    tiled_product<T>(g.units, width, rows, h, 1, g.units, columns(h_begin), ldz, U, width, true);
    for_each_strip<T>(4 * g.units, [&](long j, long count) {
      vec<T> sum = load_n(bias + j, count);
      for (long i = 0; i < rows; i++) sum += load_n(z + i * ldz + j, count);
      store_n(bias + j, sum, count);
    });
  }

  // Samples [begin, end) through the whole sequence.
  void run(long begin, long end, T* partial) const {
    const FlushDenormals flush;
    const long H = g.units, rows = end - begin, block = std::max(1L, GRADIENT_ROWS / rows);
    T* memory = scratch<T>(Scratch::PRODUCT, 2 * rows * H + block * rows * (ldz + g.n + H));
    T *dh = memory, *dc = dh + rows * H, *x = dc + rows * H, *h = x + block * rows * g.n,
      *zs = h + block * rows * H;
    std::fill_n(partial, partial_size(), T(0));
    std::copy_n(g.gh + begin * H, rows * H, dh);
    if (Cell::has_c) std::copy_n(g.gc + begin * H, rows * H, dc);
    const auto panel = [](const T* packed, long depth) {
      return [=](long p) { return packed + p * depth * NR<T>; };
    };
    long gathered = 0;
    for (long t = g.time - 1; t >= 0; t--) {
      T* z = zs + gathered * ldz;
      for (long i = 0; i < rows; i++) {
        const long b = begin + i, step = b * g.time + t;
        if (t > 1) { // h and x of the next step: a place in memory that the CPU does not foresee
          for (long j = 0; j < H; j += 64 / long(sizeof(T))) __builtin_prefetch(g.hs + (step - 2) * H + j);
          for (long j = 0; j < g.n; j += 64 / long(sizeof(T))) __builtin_prefetch(g.x + (step - 1) * g.n + j);
        }
        gates_of(t, b, dh + i * H, dc + i * H, z + i * ldz);
        std::copy_n(g.x + step * g.n, g.n, x + (gathered + i) * g.n);
        std::copy_n(t ? g.hs + (step - 1) * H : g.h0 + b * H, H, h + (gathered + i) * H);
      }
      tiled_product<T>(rows, H, width, z + h_begin, ldz, 1, panel(to_h, width), NR<T>, dh, H, true);
      if (g.gx)
        tiled_product<T>(rows, g.n, width, z + x_begin, ldz, 1, panel(to_x, width), NR<T>,
                         g.gx + (begin * g.time + t) * g.n, g.time * g.n, false);
      gathered += rows;
      if (gathered == block * rows || t == 0) {
        add_to_weights(gathered, zs, x, h, partial);
        gathered = 0;
      }
    }
    std::copy_n(dh, rows * H, g.gh0 + begin * H);
    if (Cell::has_c) std::copy_n(dc, rows * H, g.gc0 + begin * H);
  }
};

template <class T, class Cell> void run_backward(const SequenceGradientArgs<T>& g) {
  const long H = g.units, width = Cell::columns * H;
  T* to_x = scratch<T>(Scratch::PACKED_B, (panels_of(g.n, NR<T>) + panels_of(H, NR<T>)) * width * NR<T>);
  T* to_h = to_x + panels_of(g.n, NR<T>) * width * NR<T>;
  if (g.gx) pack_transposed(g.kernel, g.n, width, [=](long k) { return x_column<Cell>(k, H); }, to_x);
  pack_transposed(g.recurrent_kernel, H, width, [](long k) { return k; }, to_h);
  const Backward<T, Cell> backward{g, to_x, to_h};
  const long group = rows_of_group(g.batch), groups = (g.batch + group - 1) / group,
             size = backward.partial_size();
  T* partial = scratch<T>(Scratch::PARTIAL, groups * size);
  const double ns = double(g.time) * double(group) * double(H) * (double(g.n + H) * Cell::columns * 0.04 + 3);
  parallel_for(groups, ns, [&](long begin, long end) {
    for (long i = begin; i < end; i++)
      backward.run(i * group, std::min(g.batch, (i + 1) * group), partial + i * size);
  });
  const auto sum = [&](long at) {
    T total = 0;
    for (long i = 0; i < groups; i++) total += partial[i * size + at];
    return total;
  };
  const long W = g.n * width, U = H * width;
  const FlushDenormals flush;
  for (long i = 0; i < g.n; i++)
    for (long k = 0; k < width; k++) g.gkernel[i * width + x_column<Cell>(k, H)] = sum(i * width + k);
  for (long i = 0; i < U; i++) g.grecurrent_kernel[i] = sum(W + i);
  for (long k = 0; k < width; k++) {
    g.gbias[x_column<Cell>(k, H)] = sum(W + U + backward.x_begin + k);
    if (Cell::columns == 3) g.gbias[width + k] = sum(W + U + backward.h_begin + k);
  }
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
