// What the CUDA rungs of normalization share. Along a row: what is done with it (cuda/rows.h says by whom). Down a column:
// partial results of a piece of its rows, how two of them join, and what is written at the end. Sums are carried in double.
#pragma once
#include "cuda/rows.h"
#include "norm/norm.h"
#include <cmath>

namespace stepgrad {

template <class T> __device__ double rate(T variance, double epsilon) {
  return 1 / sqrt(double(variance) + epsilon);
}

// ---- rows: forward, and dx ------------------------------------------------------------------------------------------

struct LayerNormRow {
  template <class T, class Group> __device__ static void apply(const NormArgs<T>& g, long row, Group group) {
    const T* x = g.x + row * g.n;
    double sum = 0, squares = 0;
    for (long j = group.rank; j < g.n; j += group.size()) sum += x[j];
    const double mean = group.reduce(sum, Add()) / double(g.n);
    for (long j = group.rank; j < g.n; j += group.size()) squares += (x[j] - mean) * (x[j] - mean);
    const double variance = group.reduce(squares, Add()) / double(g.n), r = rate(variance, g.epsilon);
    for (long j = group.rank; j < g.n; j += group.size())
      g.y[row * g.n + j] = T((x[j] - mean) * r * g.scale[j] + g.offset[j]);
    if (group.rank == 0) g.mean[row] = T(mean), g.variance[row] = T(variance);
  }
};

// dx = r * (g - mean(g) - h * mean(g * h)), g = dy * scale, h = (x - mean) * r
struct LayerNormGradientRow {
  template <class T, class Group>
  __device__ static void apply(const NormGradientArgs<T>& g, long row, Group group) {
    const T *x = g.x + row * g.n, *dy = g.dy + row * g.n;
    const double mean = g.mean[row], r = rate(g.variance[row], g.epsilon);
    double sum = 0, dot = 0;
    for (long j = group.rank; j < g.n; j += group.size()) {
      sum += dy[j] * g.scale[j];
      dot += dy[j] * g.scale[j] * (x[j] - mean) * r;
    }
    sum = group.reduce(sum, Add()) / double(g.n), dot = group.reduce(dot, Add()) / double(g.n);
    for (long j = group.rank; j < g.n; j += group.size())
      g.dx[row * g.n + j] = T(r * (dy[j] * g.scale[j] - sum - (x[j] - mean) * r * dot));
  }
};

struct RmsNormRow {
  template <class T, class Group>
  __device__ static void apply(const RmsNormArgs<T>& g, long row, Group group) {
    const T* x = g.x + row * g.n;
    double squares = 0;
    for (long j = group.rank; j < g.n; j += group.size()) squares += double(x[j]) * x[j];
    const double mean_square = group.reduce(squares, Add()) / double(g.n), r = rate(mean_square, g.epsilon);
    for (long j = group.rank; j < g.n; j += group.size()) g.y[row * g.n + j] = T(x[j] * r * g.scale[j]);
    if (group.rank == 0) g.mean_square[row] = T(mean_square);
  }
};

// dx = r * (g - h * mean(g * h)), g = dy * scale, h = x * r
struct RmsNormGradientRow {
  template <class T, class Group>
  __device__ static void apply(const RmsNormGradientArgs<T>& g, long row, Group group) {
    const T *x = g.x + row * g.n, *dy = g.dy + row * g.n;
    const double r = rate(g.mean_square[row], g.epsilon);
    double dot = 0;
    for (long j = group.rank; j < g.n; j += group.size()) dot += dy[j] * g.scale[j] * x[j] * r;
    dot = group.reduce(dot, Add()) / double(g.n);
    for (long j = group.rank; j < g.n; j += group.size())
      g.dx[row * g.n + j] = T(r * (dy[j] * g.scale[j] - x[j] * r * dot));
  }
};

// ---- columns: walk(args, column, rows [begin, end)) -> partial result -------------------------------------------------

struct Moments { // of n numbers: their mean, and the sum of their squared distances to it
  double n, mean, squares;
};
__device__ inline Moments shuffle_xor(Moments m, int distance) {
  return {shuffle_xor(m.n, distance), shuffle_xor(m.mean, distance), shuffle_xor(m.squares, distance)};
}

// mean and variance of each column
struct Statistics {
  using Partial = Moments;
  __device__ static Partial begin() { return {0, 0, 0}; }
  template <class T> __device__ static Partial walk(const NormArgs<T>& g, long j, long begin, long end) {
    double sum = 0, squares = 0;
    for (long i = begin; i < end; i++) sum += g.x[i * g.n + j];
    const double mean = sum / double(end - begin);
    for (long i = begin; i < end; i++) squares += (g.x[i * g.n + j] - mean) * (g.x[i * g.n + j] - mean);
    return {double(end - begin), mean, squares};
  }
  __device__ Partial operator()(Partial a, Partial b) const {
    if (a.n == 0 || b.n == 0) return a.n == 0 ? b : a;
    const double n = a.n + b.n, distance = a.mean - b.mean;
    return {n, (a.mean * a.n + b.mean * b.n) / n,
            a.squares + b.squares + distance * distance * (a.n * b.n / n)};
  }
  template <class T> __device__ static void finish(const NormArgs<T>& g, long j, Partial p) {
    g.mean[j] = T(p.n > 0 ? p.mean : NAN), g.variance[j] = T(p.squares / p.n);
  }
};

struct Sums {
  double dy, dy_h; // of dy, and of dy * h
};
__device__ inline Sums shuffle_xor(Sums s, int distance) {
  return {shuffle_xor(s.dy, distance), shuffle_xor(s.dy_h, distance)};
}

// doffset = sum(dy), dscale = sum(dy * h), h = (x - mean) * r; the statistics belong to rows or to columns
template <bool of_rows> struct GradientSums {
  using Partial = Sums;
  __device__ static Partial begin() { return {0, 0}; }
  template <class T>
  __device__ static Partial walk(const NormGradientArgs<T>& g, long j, long begin, long end) {
    Partial p{0, 0};
    for (long i = begin; i < end; i++) {
      const long of = of_rows ? i : j;
      const double dy = g.dy[i * g.n + j];
      p.dy += dy, p.dy_h += dy * (g.x[i * g.n + j] - double(g.mean[of])) * rate(g.variance[of], g.epsilon);
    }
    return p;
  }
  __device__ Partial operator()(Partial a, Partial b) const { return {a.dy + b.dy, a.dy_h + b.dy_h}; }
  template <class T> __device__ static void finish(const NormGradientArgs<T>& g, long j, Partial p) {
    g.doffset[j] = T(p.dy), g.dscale[j] = T(p.dy_h);
  }
};

struct RmsGradientSums : GradientSums<true> {
  template <class T>
  __device__ static Partial walk(const RmsNormGradientArgs<T>& g, long j, long begin, long end) {
    Partial p{0, 0};
    for (long i = begin; i < end; i++)
      p.dy_h += double(g.dy[i * g.n + j]) * g.x[i * g.n + j] * rate(g.mean_square[i], g.epsilon);
    return p;
  }
  template <class T> __device__ static void finish(const RmsNormGradientArgs<T>& g, long j, Partial p) {
    g.dscale[j] = T(p.dy_h);
  }
};

// ---- columns: who walks ---------------------------------------------------------------------------------------------

// A thread a column.
template <class Column, class Args> __global__ void columns_kernel(Args g) {
  for (long j = global_thread(); j < g.n; j += grid_threads())
    Column::finish(g, j, Column::walk(g, j, 0, g.rows));
}

template <class Column, class Args> void run_columns(const Args& g) {
  if (g.n) launch(columns_kernel<Column, Args>, grid_for(g.n, THREADS), THREADS, 0, g);
}

// A thread a column and piece of `length` rows. partial: [pieces, n]
template <class Column, class Args>
__global__ void pieces_kernel(Args g, typename Column::Partial* partial, long pieces, long length) {
  for (long i = global_thread(); i < pieces * g.n; i += grid_threads()) {
    const long begin = i / g.n * length, end = begin + length < g.rows ? begin + length : g.rows;
    partial[i] = Column::walk(g, i % g.n, begin, end);
  }
}

// A warp a column joins its pieces.
template <class Column, class Args>
__global__ void join_kernel(Args g, const typename Column::Partial* partial, long pieces) {
  for (long j = global_thread() / WARP; j < g.n; j += grid_threads() / WARP) {
    auto p = Column::begin();
    for (long piece = threadIdx.x % WARP; piece < pieces; piece += WARP)
      p = Column()(p, partial[piece * g.n + j]);
    p = warp_reduce(p, Column());
    if (threadIdx.x % WARP == 0) Column::finish(g, j, p);
  }
}

template <class Column, class Args> void run_pieces(const Args& g) {
  constexpr long LENGTH = 64;
  if (g.rows <= LENGTH) return run_columns<Column>(g);
  if (g.n == 0) return;
  const long pieces = blocks_for(g.rows, LENGTH);
  Temporary<typename Column::Partial> partial(pieces * g.n);
  launch(pieces_kernel<Column, Args>, grid_for(pieces * g.n, THREADS), THREADS, 0, g, partial.data(), pieces,
         LENGTH);
  launch(join_kernel<Column, Args>, grid_for(g.n * WARP, THREADS), THREADS, 0, g, partial.data(), pieces);
}

// ---- batch norm: what follows its column sums, a thread an element --------------------------------------------------

template <class T> __global__ void batch_norm_kernel(NormArgs<T> g) {
  for (long i = global_thread(); i < g.rows * g.n; i += grid_threads()) {
    const long j = i % g.n;
    g.y[i] = T((g.x[i] - double(g.mean[j])) * rate(g.variance[j], g.epsilon) * g.scale[j] + g.offset[j]);
  }
}

// dx = scale * r * (dy - mean(dy) - h * mean(dy * h)), whose means are doffset and dscale by the number of rows
template <class T> __global__ void batch_norm_gradient_kernel(NormGradientArgs<T> g) {
  for (long i = global_thread(); i < g.rows * g.n; i += grid_threads()) {
    const long j = i % g.n;
    const double r = rate(g.variance[j], g.epsilon), h = (g.x[i] - double(g.mean[j])) * r,
                 rows = double(g.rows);
    g.dx[i] = T(g.scale[j] * r * (g.dy[i] - g.doffset[j] / rows - h * (g.dscale[j] / rows)));
  }
}

template <class Args> void run_elements(void (*kernel)(Args), const Args& g) {
  if (g.rows * g.n > 0) launch(kernel, grid_for(g.rows * g.n, THREADS), THREADS, 0, g);
}

// As batch_norm's arguments: no more than the statistics are asked for.
template <class T> NormArgs<T> statistics_only(const BatchNormStatisticsArgs<T>& g) {
  return {g.x, nullptr, nullptr, nullptr, g.mean, g.variance, 0, g.n, g.c};
}

} // namespace stepgrad
