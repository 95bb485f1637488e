// Top rung of the weight gradient: the tables of the forward pass, exchanged. A row of the tile is a tap, its sum runs
// over the pixels of a piece.
//
// What changes against implicit_gemm: x is read where it lies; dy too, where a panel is all of its row or there are few taps
// (otherwise panels are packed: pieces of wide rows share a few sets of the cache). Every piece adds to the same dW: parts.h.
//
// Shapes: conv2d.h. 2 * N*OH*OW * K * O FLOPs with K = KH*KW*CG; dW is read and written once a piece.
#include "common/registry.h"
#include "conv2d/depthwise.h"
#include "conv2d/direct.h"
#include "conv2d/parts.h"
#include "conv2d/rungs.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long PIXELS_IN_L1 = 176; // x 16 floats of dy: 10 KiB, and as many cache lines of x

STEPGRAD_RUNG(
    Conv2dWeightGradientArgs, "conv2d_weight_gradient", "direct", 30,
    "the forward tile with its two tables exchanged; threads sum parts of the pixels in a fixed order",
    conv2d_weight_gradient_direct)
template <class T> void conv2d_weight_gradient_direct(const Conv2dWeightGradientArgs<T>& s) {
  if (is_depthwise(s)) return depthwise(s);
  if (!offsets_fit(s)) return conv2d_weight_gradient_implicit_gemm(s);
  const long K = s.KH * s.KW * s.CG, OG = s.OG(), size = K * s.O;
  if (size == 0) return;
  const long panels = ceil_div(OG, DIRECT_NR<T>), tiles = ceil_div(K, DIRECT_MR);
  const bool packs = OG > (tiles < 16 ? 2 : 1) * DIRECT_NR<T> || OG % VL<T> != 0;
  std::vector<Offset> results(size_t(K), 0); // where in dW the taps go
  for (long k = 0; k < K; k++) results[size_t(k)] = Offset(k * s.O);
  const Windows windows(s, sizeof(T), true);
  sum_of_parts(windows.pieces(), double(windows.band * s.OW) * size * NS_PER_MULTIPLY_ADD, s.dw, size,
               [&](long begin, long end, T* dw) {
                 for (long group = 0; group < s.groups; group++)
                   windows.for_each_piece(
                       s.x + group * s.CG, begin, end, [&](long n, long first, long rows, const T* A) {
                         const T* dy = s.dy + (n * s.OH + first) * s.OW * s.O + group * OG;
                         const long pixels = rows * s.OW, blocks = ceil_div(pixels, PIXELS_IN_L1);
                         for (long block = 0; block < blocks; block++)
                           for (long p = 0; p < panels; p++) {
                             const long p0 = pixels * block / blocks,
                                        count = pixels * (block + 1) / blocks - p0;
                             const long column = p * DIRECT_NR<T>,
                                        columns = std::min(DIRECT_NR<T>, OG - column);
                             const T* B = dy + p0 * s.O + column;
                             if (packs) {
                               T* panel = scratch<T>(Scratch::PACKED_A, count * DIRECT_NR<T>);
                               pack_panel(panel, DIRECT_NR<T>, B, s.O, 1, count, columns);
                               B = panel;
                             }
                             DirectTile<T> tile{count,
                                                A,
                                                nullptr,
                                                windows.pixels.data() + p0,
                                                B,
                                                packs ? DIRECT_NR<T> : s.O,
                                                dw + group * OG + column,
                                                nullptr,
                                                columns,
                                                true,
                                                nullptr,
                                                false};
                             for (long t = 0; t < tiles; t++) {
                               const long k = K * t / tiles;
                               tile.a_row = windows.taps.data() + k, tile.c_row = results.data() + k;
                               run_direct_tile(int(K * (t + 1) / tiles - k), tile);
                             }
                           }
                       });
               });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
