// What the direct convolutions share: windows that slide over images, cut into pieces that threads share out.
//
// A piece is a band of output rows of one image. Where windows hang over the edge of the image, the band of the image
// that they see is first copied into a frame of zeros, once: after that no window is special. Everything else is two
// tables of offsets (direct_tile.h), which are the same for every piece.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include "conv2d/conv2d.h"
#include "conv2d/direct_tile.h"
#include "matmul/gemm.h"
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long BAND_BYTES = 96 << 10; // the part of the image that a piece sees; it should stay in L2
constexpr long MIN_PIECES = 32; // also one image alone is cut: enough for the threads of an ordinary machine

using TapRange = std::pair<long, long>;

// Windows sliding over images: from pixel (oh * stride_h - pad_h, ow * stride_w - pad_w) on, KH x KW taps that see CG of
// the C channels. A negative pad means that the first pixels are not seen.
class Windows {
public:
  bool copies; // pieces are copied, into a frame of zeros
  long
      pixel_pitch; // elements from a pixel to the next, and from a row to the next, where the tile reads them
  long row_pitch;
  long band;                  // output rows of a piece, at most
  std::vector<Offset> taps;   // [K] inside a window
  std::vector<Offset> pixels; // [band * OW] where the windows start

  // Decides how to cut, and fills the tables. `skewed`: the tile walks from pixel to pixel, not from channel to
  // channel. Pixels a multiple of 256 bytes apart would share a few sets of the cache, so they are moved apart.
  Windows(const Conv2dShape& shape, long item_size, bool skewed) : s(shape) {
    const bool collides = skewed && s.CG * item_size % 256 == 0;
    copies = collides || hangs_over();
    pixel_pitch = !copies ? s.C : collides ? s.CG + 64 / item_size : s.CG;
    row_pitch = (copies ? columns_seen() : s.W) * pixel_pitch;
    const long row_bytes = std::max(1L, s.stride_h * columns_seen() * s.CG * item_size);
    band = std::max(1L, std::min({s.OH, BAND_BYTES / row_bytes, ceil_div(s.N * s.OH, MIN_PIECES)}));
    for (long kh = 0; kh < s.KH; kh++)
      for (long kw = 0; kw < s.KW; kw++)
        for (long c = 0; c < s.CG; c++)
          taps.push_back(Offset(kh * s.dilation_h * row_pitch + kw * s.dilation_w * pixel_pitch + c));
    for (long oh = 0; oh < band; oh++)
      for (long ow = 0; ow < s.OW; ow++)
        pixels.push_back(Offset(oh * s.stride_h * row_pitch + ow * s.stride_w * pixel_pitch));
  }

  long pieces() const { return s.N * pieces_per_image(); }

  // The rows and the columns of taps that output row oh and output column ow see of the image: the others meet zeros.
  TapRange rows_inside(long oh) const { return inside(oh * s.stride_h - s.pad_h, s.dilation_h, s.KH, s.H); }
  TapRange columns_inside(long ow) const {
    return inside(ow * s.stride_w - s.pad_w, s.dilation_w, s.KW, s.W);
  }

  // body(n, first output row, rows, what the first window of the piece sees) for pieces [begin, end).
  // x: [N, H, W, C], moved to the first channel that is seen.
  template <class T, class Body> void for_each_piece(const T* x, long begin, long end, Body body) const {
    for (long piece = begin; piece < end; piece++) {
      const long n = piece / pieces_per_image(), part = piece % pieces_per_image();
      const long first = s.OH * part / pieces_per_image(),
                 rows = s.OH * (part + 1) / pieces_per_image() - first;
      const long h0 = first * s.stride_h - s.pad_h;
      const T* image = x + n * s.H * s.W * s.C;
      body(n, first, rows, copies ? frame(image, h0, rows_seen(rows)) : image + (h0 * s.W - s.pad_w) * s.C);
    }
  }

private:
  Conv2dShape s;

  long pieces_per_image() const { return ceil_div(s.OH, band); }
  // The taps [first, second) of one axis that lie inside an image of `size`, when the first tap lies at `from`.
  static TapRange inside(long from, long dilation, long taps, long size) {
    const long first = std::min(taps, ceil_div(std::max(0L, -from), dilation));
    return {first, std::max(first, std::min(taps, ceil_div(std::max(0L, size - from), dilation)))};
  }
  long rows_seen(long rows) const { return (rows - 1) * s.stride_h + (s.KH - 1) * s.dilation_h + 1; }
  long columns_seen() const { return (s.OW - 1) * s.stride_w + (s.KW - 1) * s.dilation_w + 1; }
  bool hangs_over() const {
    return s.pad_h > 0 || s.pad_w > 0 || rows_seen(s.OH) - s.pad_h > s.H || columns_seen() - s.pad_w > s.W;
  }

  // [rows, columns_seen, pixel_pitch]: the image from row h0 and column -s.pad_w on, zeros around it.
  template <class T> const T* frame(const T* image, long h0, long rows) const {
    const long columns = columns_seen();
    const long left = std::min(columns, std::max(0L, s.pad_w)),
               right = std::max(left, std::min(columns, s.W + s.pad_w));
    T* area = scratch<T>(Scratch::PATCHES, rows * row_pitch);
    for (long r = 0; r < rows; r++) {
      T* to = area + r * row_pitch;
      const long h = h0 + r;
      if (h < 0 || h >= s.H) {
        std::fill(to, to + row_pitch, T(0));
        continue;
      }
      std::fill(to, to + left * pixel_pitch, T(0));
      const T* from = image + (h * s.W + left - s.pad_w) * s.C;
      if (s.C == pixel_pitch)
        std::copy(from, from + (right - left) * s.C, to + left * s.C);
      else
        for (long w = left; w < right; w++, from += s.C) std::copy(from, from + s.CG, to + w * pixel_pitch);
      std::fill(to + right * pixel_pitch, to + columns * pixel_pitch, T(0));
    }
    return area;
  }
};

// Offsets must fit their type: false for images so large that they do not.
inline bool offsets_fit(const Conv2dShape& s) {
  const double pixels =
      double(s.H + s.pad_h + s.KH * s.dilation_h) * double(s.W + s.pad_w + s.KW * s.dilation_w);
  const double most =
      std::max(pixels * double(s.C + 64), double(s.H * s.W + s.OH * s.OW) * double(s.C + s.O + 64));
  return most + double(s.KH * s.KW * s.CG) * double(s.O) < double(std::numeric_limits<Offset>::max());
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
