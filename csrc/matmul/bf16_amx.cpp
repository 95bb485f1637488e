// Top rung of matmul_bf16 on CPUs with AMX (Intel, since Sapphire Rapids): the tiles are registers.
//
// What changes: one instruction multiplies 16 x 32 by 32 x 16 numbers, 16384 multiply-adds against 16 of a float vector.
// A prototype on these instructions reached 5 to 6 times the float kernels. THIS FILE HAS NOT RUN ON HARDWARE YET: it
// compiles, and all but the six instructions below is tested through the rungs `tiles` (the cutting) and `dot_product` (the
// packing). They read numbers below 1e-38 as 0.
//
// Compiled on its own (CMakeLists.txt); chosen where cpuid has AMX and Linux grants the registers (cpu_features.cpp).
// The instructions are written out because the compilers' intrinsics are macros that want the tile's number as a literal.
//
// Shapes: matmul.h. 2*M*N*K FLOPs, with M and N rounded up to 32 and K to 32.
#include "common/registry.h"
#include "matmul/bf16_tiles.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

struct AmxTiles {
  // The sizes of the tiles belong to the thread: set here, and given back when the thread's share is done.
  AmxTiles() {
    struct alignas(64) {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {};
      uint8_t rows[16] = {};
    } sizes;
    std::fill_n(sizes.row_bytes, 8, uint16_t(64));
    std::fill_n(sizes.rows, 8, uint8_t(TILE));
    asm volatile("ldtilecfg %0" : : "m"(sizes));
  }
  ~AmxTiles() { asm volatile("tilerelease"); }
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  template <int t> void zero() { asm volatile("tilezero %%tmm%c0" : : "i"(t)); }
  template <int t> void load(const float* C, long ldc) { load_bytes<t>(C, ldc * long(sizeof(float))); }
  template <int t> void load_factor(const uint16_t* tile) { load_bytes<t>(tile, 64); }
  template <int t, int a, int b> void multiply() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(t), "i"(a), "i"(b));
  }
  template <int t> void store(float* C, long ldc) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)"
                 :
                 : "r"(C), "r"(ldc * long(sizeof(float))), "i"(t)
                 : "memory");
  }

private:
  template <int t> void load_bytes(const void* p, long stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(p), "r"(stride), "i"(t) : "memory");
  }
};

struct AmxBlocks : TileBlocks<AmxTiles, float> {
  static constexpr double NS_PER_PACKED = 0.1, NS_PER_BLOCK = 20;
};

template <class T>
using AmxBlocksOf = std::conditional_t<std::is_same_v<T, float>, AmxBlocks, PortableBlocks<T>>;

STEPGRAD_RUNG(MatmulArgs, "matmul_bf16", "amx", 30,
              "tiles of 16 x 32 bfloat16 in registers, one instruction a product", matmul_bf16_amx)
template <class T> void matmul_bf16_amx(const MatmulArgs<T>& g) { matmul_in_blocks<AmxBlocksOf<T>>(g); }

STEPGRAD_RUNG(DenseArgs, "dense_bf16", "amx", 30,
              "matmul_bf16's rung; bias and activation while a block of Y is in cache", dense_bf16_amx)
template <class T> void dense_bf16_amx(const DenseArgs<T>& g) { dense_in_blocks<AmxBlocksOf<T>>(g); }

STEPGRAD_RUNG(DenseGradientArgs, "dense_bf16_gradient", "amx", 30,
              "the activation's gradient and its sum in one pass, then matmul_bf16's rung",
              dense_bf16_gradient_amx)
template <class T> void dense_bf16_gradient_amx(const DenseGradientArgs<T>& g) {
  dense_gradient_in_blocks<AmxBlocksOf<T>>(g);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
