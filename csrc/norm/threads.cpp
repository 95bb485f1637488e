// Top rung of layer and RMS normalization: the simd rungs with the rows shared among threads.
//
// What changes: backward, the sums over rows are needed from rows that different threads have. Each block of rows has its
// own, and they are added in the order of the blocks, which depend on the size alone: the same bits for any number of threads.
//
// x, y, dy, dx: [rows, n], the statistics: [rows], the rest [n]. Costs as in the simd rungs; the sums of the blocks, at most
// 256 rows of n, are written and read once more.
#include "common/registry.h"
#include "common/scratch.h"
#include "norm/rungs.h"
#include "norm/strips.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(LayerNormArgs, "layer_norm", "threads", 20, "the simd rung, rows shared among threads",
              layer_norm_threads)
template <class T> void layer_norm_threads(const LayerNormArgs<T>& g) {
  parallel_for(g.rows, 0.6 * double(g.n) + 20, [&](long begin, long end) {
    LayerNormArgs<T> part = g;
    part.x += begin * g.n, part.y += begin * g.n, part.mean += begin, part.variance += begin;
    part.rows = end - begin;
    layer_norm_simd(part);
  });
}

STEPGRAD_RUNG(RmsNormArgs, "rms_norm", "threads", 20, "the simd rung, rows shared among threads",
              rms_norm_threads)
template <class T> void rms_norm_threads(const RmsNormArgs<T>& g) {
  parallel_for(g.rows, 0.4 * double(g.n) + 20, [&](long begin, long end) {
    RmsNormArgs<T> part = g;
    part.x += begin * g.n, part.y += begin * g.n, part.mean_square += begin;
    part.rows = end - begin;
    rms_norm_simd(part);
  });
}

// run(begin, rows, b) for the rows of each block b.
template <class Run> void each_block(long rows, double ns_per_row, Run run) {
  const long block = rows_of_block(rows), blocks = (rows + block - 1) / block;
  parallel_for(blocks, ns_per_row * double(block), [&](long begin, long end) {
    for (long b = begin; b < end; b++) run(b * block, std::min(block, rows - b * block), b);
  });
}

STEPGRAD_RUNG(LayerNormGradientArgs, "layer_norm_gradient", "threads", 20,
              "blocks of rows shared among threads, their sums added in order", layer_norm_gradient_threads)
template <class T> void layer_norm_gradient_threads(const LayerNormGradientArgs<T>& g) {
  const long blocks = blocks_of(g.rows);
  T* dscale = scratch<T>(Scratch::PARTIAL, 2 * blocks * g.n); // [blocks, n]
  T* doffset = dscale + blocks * g.n;                         // [blocks, n]
  each_block(g.rows, double(g.n), [&](long i, long rows, long b) {
    LayerNormGradientArgs<T> part = g;
    part.x += i * g.n, part.dy += i * g.n, part.dx += i * g.n, part.mean += i, part.variance += i;
    part.dscale = dscale + b * g.n, part.doffset = doffset + b * g.n, part.rows = rows;
    layer_norm_gradient_simd(part);
  });
  sum_blocks(dscale, blocks, g.n, g.dscale, InParallel());
  sum_blocks(doffset, blocks, g.n, g.doffset, InParallel());
}

STEPGRAD_RUNG(RmsNormGradientArgs, "rms_norm_gradient", "threads", 20,
              "blocks of rows shared among threads, their sums added in order", rms_norm_gradient_threads)
template <class T> void rms_norm_gradient_threads(const RmsNormGradientArgs<T>& g) {
  const long blocks = blocks_of(g.rows);
  T* dscale = scratch<T>(Scratch::PARTIAL, blocks * g.n); // [blocks, n]
  each_block(g.rows, 0.8 * double(g.n), [&](long i, long rows, long b) {
    RmsNormGradientArgs<T> part = g;
    part.x += i * g.n, part.dy += i * g.n, part.dx += i * g.n, part.mean_square += i;
    part.dscale = dscale + b * g.n, part.rows = rows;
    rms_norm_gradient_simd(part);
  });
  sum_blocks(dscale, blocks, g.n, g.dscale, InParallel());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
