// A convolution with packed filters on the register tile: the forward pass, and the input gradient.
//
// Pixels that see the same taps go together. At the edges some taps meet nothing but zeros; they are left out, which for
// small images and large filters is a good part of the work.
#pragma once
#include "conv2d/direct.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// y[n, oh, ow] = bias + window . filter.
template <class T> struct Slide {
  Conv2dShape windows; // groups of it do not count here
  const T* x;          // [N, H, W, C], moved to the group's first channel
  const T* packed;     // [panels, K, panel_width]
  long O;              // results of a window
  T* y;                // [N, OH, OW, O], with these distances
  long y_image, y_row, y_pixel;
  const T* bias; // [whole panels], or nullptr
  bool relu;
};

constexpr long LONGEST_SUM =
    320; // taps: their filter stays in cache, and short sums round less than long ones
constexpr long MIN_SPLIT_ROWS = 3, MIN_SPLIT_CHANNELS = 8; // a tile for less costs more than it saves

// Columns of pixels that see the same columns of taps. Row r of them: entries [table + r * width, table + (r + 1) * width).
struct Region {
  long table, width;
  TapRange columns;
};

// The pixels of a band in two orders, and where each of them starts in the image and goes in y.
class Regions {
public:
  Region whole;              // row by row, every pixel as if it saw all taps
  std::vector<Region> split; // row by row where all taps are seen, then each other column by itself
  std::vector<Offset> starts, results;

  Regions(const Windows& windows, const Conv2dShape& s, long y_row, long y_pixel)
      : whole{0, s.OW, {0, s.KW}} {
    long left = 0, right = s.OW;
    while (left < right && windows.columns_inside(left) != whole.columns) left++;
    while (left < right && windows.columns_inside(right - 1) != whole.columns) right--;
    const auto add = [&](long begin, long end) {
      for (long oh = 0; oh < windows.band; oh++)
        for (long ow = begin; ow < end; ow++) {
          starts.push_back(windows.pixels[size_t(oh * s.OW + ow)]);
          results.push_back(Offset(oh * y_row + ow * y_pixel));
        }
    };
    add(0, s.OW);
    for (long ow = 0; ow < s.OW; ow++) {
      const long end = ow == left && left < right ? right : ow + 1;
      split.push_back({long(starts.size()), end - ow, windows.columns_inside(ow)});
      add(ow, end);
      ow = end - 1;
    }
  }
};

// Taps that are summed together: `rows` stretches of `length` taps, `pitch` apart, each in `parts` blocks of about equal length.
struct Stretches {
  long first, rows, length, pitch, parts;
  Stretches(const Conv2dShape& s, TapRange kh, TapRange kw) {
    const bool joined = kw.second - kw.first == s.KW; // then rows of taps follow each other
    pitch = s.KW * s.CG;
    first = kh.first * pitch + kw.first * s.CG;
    rows = joined ? 1 : std::max(1L, kh.second - kh.first);
    length = (kw.second - kw.first) * s.CG * (joined ? kh.second - kh.first : kh.second > kh.first);
    parts = std::max(1L, ceil_div(length, LONGEST_SUM));
  }
  long count() const { return rows * parts; }
  TapRange operator[](long block) const {
    const long start = first + block / parts * pitch, part = block % parts;
    return {start + length * part / parts, start + length * (part + 1) / parts};
  }
};

template <class T> void slide(const Slide<T>& s) {
  const Windows windows(s.windows, sizeof(T), false);
  const Regions regions(windows, s.windows, s.y_row, s.y_pixel);
  const long OW = s.windows.OW, K = long(windows.taps.size()), panels = ceil_div(s.O, DIRECT_NR<T>);
  const auto run = [&](const T* A, T* y, const Region& region, long row, long next, TapRange kh) {
    const long pixels = (next - row) * region.width, tiles = ceil_div(pixels, DIRECT_MR);
    const Stretches sums(s.windows, kh, region.columns);
    for (long item = 0; item < panels * sums.count(); item++) {
      const long column = item / sums.count() * DIRECT_NR<T>, block = item % sums.count();
      const long width = panel_width<T>(s.O, column);
      const auto [k, end_k] = sums[block];
      const bool last = block + 1 == sums.count();
      DirectTile<T> tile{end_k - k,
                         A,
                         nullptr,
                         windows.taps.data() + k,
                         s.packed + (column * K + k * width),
                         width,
                         y + column,
                         nullptr,
                         std::min(DIRECT_NR<T>, s.O - column),
                         block > 0,
                         last && s.bias ? s.bias + column : nullptr,
                         last && s.relu};
      for (long t = 0; t < tiles; t++) {
        const long begin = pixels * t / tiles, i = region.table + row * region.width + begin;
        tile.a_row = regions.starts.data() + i, tile.c_row = regions.results.data() + i;
        run_direct_tile(int(pixels * (t + 1) / tiles - begin), tile);
      }
    }
  };
  const double ns =
      double(s.windows.N * s.windows.OH * OW) / double(windows.pieces()) * K * s.O * NS_PER_MULTIPLY_ADD;
  parallel_for(windows.pieces(), ns, [&](long begin, long end) {
    windows.for_each_piece(s.x, begin, end, [&](long n, long first, long rows, const T* A) {
      T* y = s.y + n * s.y_image + first * s.y_row;
      for (long row = 0, next; row < rows; row = next) { // rows that see the same taps go together
        const TapRange kh = windows.rows_inside(first + row);
        for (next = row + 1; next < rows && windows.rows_inside(first + next) == kh;) next++;
        if (next - row < MIN_SPLIT_ROWS || s.windows.CG < MIN_SPLIT_CHANNELS)
          run(A, y, regions.whole, row, next, kh);
        else
          for (const Region& region : regions.split) run(A, y, region, row, next, kh);
      }
    });
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
