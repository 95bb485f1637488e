// Fourth rung of matmul_bf16, on CPUs with AVX512_BF16: register tiles of dot products (vdpbf16ps).
//
// What changes: each lane of one instruction multiplies two pairs of numbers and adds both products to a float, 32 multiply-adds
// against 16 of a float vector, and a packed number is half as long. The rest is matmul's register tile (tile.h): up to 14 x 2
// vectors of C stay in registers; two steps of K cost two loads of B, and for each row one broadcast of a pair of A.
//
// AMD's Zen 5 starts it as often as a float multiply-add: 544 GFLOP/s a core against 272. Intel's Sapphire Rapids does half its
// float rate with it, so there this rung stands below `rounded`, for who asks (slow_isa in cpu_features.cpp).
//
// Shapes: matmul.h. 2*M*N*K FLOPs, with N rounded up to 16; M*K + K*N numbers are read, rounded and written, 6 bytes each.
// Limit: the instruction. In L1 the tile comes to 540 of the 544, whole products to 390 (128) to 450 (512) and 400 (2048): packing
// takes 8 to 15 %, and large panels come from L3 when they are first touched. Where a factor is used only a few times (up to 8 rows,
// K up to 32) reading it and writing C are the work, and float kernels are as fast.
//
// The order of the additions in a lane is the instruction's own, and it reads and writes numbers below 1e-38 as 0.
#include "common/registry.h"
#include "matmul/bf16_tiles.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// c + the two products in each lane. By value: a reference would keep the sums in memory.
STEPGRAD_INLINE vec<float> add_dots(vec<float> c, vec_i32 a, vec_i32 b) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(c) : "v"(a), "v"(b));
  return c;
}

// The pair at p in all lanes.
STEPGRAD_INLINE vec_i32 splat_pair(const uint16_t* p) {
  int32_t pair;
  std::memcpy(&pair, p, sizeof pair);
  return vec_i32{} + pair;
}

// C [mr, nv * 16] (+)= A B over some pairs of K, from panels: A [.., 32 rows, 16 pairs, 2], B [.., 2, 16 pairs, 16 columns, 2].
template <int mr, int nv>
void dot_tile(long pairs, const uint16_t* A, const uint16_t* B, float* C, long ldc, bool accumulate) {
  vec<float> c[mr][nv];
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] = vec<float>{};
  }
  for (; pairs > 0; pairs -= TILE, A += 2 * FACTOR, B += 2 * FACTOR)
    for (long k = 0; k < std::min(TILE, pairs); k++) {
      vec_i32 b[nv];
      STEPGRAD_UNROLL for (int j = 0; j < nv; j++) {
        const uint16_t* p = B + j * FACTOR + k * 2 * TILE;
        std::memcpy(&b[j], p, sizeof b[j]);
        __builtin_prefetch(p + 2 * FACTOR); // counts when the panel is read for the first time
      }
      STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
        const vec_i32 a = splat_pair(A + i * DEPTH + 2 * k);
        STEPGRAD_UNROLL for (int j = 0; j < nv; j++) c[i][j] = add_dots(c[i][j], a, b[j]);
      }
    }
  STEPGRAD_UNROLL for (int i = 0; i < mr; i++) {
    STEPGRAD_UNROLL for (int j = 0; j < nv; j++) {
      float* p = C + i * ldc + j * TILE;
      store(p, accumulate ? load(p) + c[i][j] : c[i][j]);
    }
  }
}

using DotTile = void (*)(long, const uint16_t*, const uint16_t*, float*, long, bool);
template <int nv, int... I> DotTile dot_tile_of(long mr, std::integer_sequence<int, I...>) {
  static constexpr DotTile tiles[] = {dot_tile<I + 1, nv>...};
  return tiles[mr - 1];
}

struct DotBlocks {
  static constexpr double NS_PER_PACKED = 0.1, NS_PER_BLOCK = 150;
  static constexpr int ROWS = 14, TALL_ROWS = 16; // two vectors of B, or one

  template <class Then>
  void operator()(long K, const uint16_t* A, const uint16_t* B, float* C, long ldc, long rows, long columns,
                  bool accumulate, Then then) {
    const bool wide = columns > TILE;
    const RowTiles tiles(rows, wide ? ROWS : TALL_ROWS);
    for (long t = 0; t < tiles.tiles; t++) {
      const long i = tiles.begin(t), mr = tiles.height(t);
      const DotTile tile = wide ? dot_tile_of<2>(mr, std::make_integer_sequence<int, ROWS>())
                                : dot_tile_of<1>(mr, std::make_integer_sequence<int, TALL_ROWS>());
      float* c = C + i * ldc;
      if (columns == (wide ? BLOCK : TILE)) {
        tile(ceil_div(K, 2), A + i * DEPTH, B, c, ldc, accumulate);
      } else {
        float edge[TALL_ROWS * BLOCK];
        tile(ceil_div(K, 2), A + i * DEPTH, B, edge, BLOCK, false);
        for (long r = 0; r < mr; r++) copy_part(c + r * ldc, edge + r * BLOCK, columns, accumulate);
      }
      then(c, mr);
    }
  }
};

template <class T>
using DotBlocksOf = std::conditional_t<std::is_same_v<T, float>, DotBlocks, PortableBlocks<T>>;

STEPGRAD_RUNG(MatmulArgs, "matmul_bf16", "dot_product", 25,
              "register tiles of AVX512_BF16's dot products: two multiply-adds a lane",
              matmul_bf16_dot_product)
template <class T> void matmul_bf16_dot_product(const MatmulArgs<T>& g) {
  matmul_in_blocks<DotBlocksOf<T>>(g);
}

STEPGRAD_RUNG(DenseArgs, "dense_bf16", "dot_product", 25,
              "matmul_bf16's rung; bias and activation while a block of Y is in cache",
              dense_bf16_dot_product)
template <class T> void dense_bf16_dot_product(const DenseArgs<T>& g) { dense_in_blocks<DotBlocksOf<T>>(g); }

STEPGRAD_RUNG(DenseGradientArgs, "dense_bf16_gradient", "dot_product", 25,
              "the activation's gradient and its sum in one pass, then matmul_bf16's rung",
              dense_bf16_gradient_dot_product)
template <class T> void dense_bf16_gradient_dot_product(const DenseGradientArgs<T>& g) {
  dense_gradient_in_blocks<DotBlocksOf<T>>(g);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
