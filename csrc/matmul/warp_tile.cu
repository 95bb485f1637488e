// Top fp32 rung of matmul on CUDA: each warp computes a tile of its own, and the next tiles are fetched while these are multiplied.
//
// What changes:
// 1. Warp tiles. The lanes of a warp form 8 rows of 4, and a lane's 8 x 8 elements are four quads of 4 x 4, half a warp tile apart.
//    One load of A by a warp then touches 32 neighbouring floats and one load of B 16: no two lanes meet in a bank, and lanes
//    that want the same quad get it in one broadcast. Stores of a factor that is turned around on its way still meet, 4 in a bank:
//    one pass of shared memory in seven.
// 2. Two buffers. Tile t + 1 is on its way to registers while tile t is multiplied, and goes to the other buffer: the wait for
//    global memory is hidden, and one barrier a tile is enough.
// 3. Small problems get small tiles: with 128 x 128 a product of 512 x 512 would occupy 16 of an H100's 132 SMs.
//
// Shapes: matmul.h. A block computes BM x BN of C, a warp WM x WN, a lane 8 x 8. 2*M*N*K FLOPs; M*N*K*4 * (1/BM + 1/BN) bytes
// from global memory, 4 * (1/8 + 1/8) bytes from shared memory a multiply-add.
// Limit: the FMA pipes. What is missing to them: two of a lane's instructions in 18 are loads, and the last wave of blocks does not
// fill all SMs. Long sums over few elements of C (small M and N, large K) want the sum cut too, which no rung here does.
#include "matmul/warp_tile.h"

namespace stepgrad {
namespace {

STEPGRAD_RUNG_F32(MatmulArgs, "matmul", "warp_tile", 60,
                  "tiles for warps without bank conflicts, two buffers: fetches hide behind arithmetic",
                  matmul_warp_tile)
void matmul_warp_tile(const MatmulArgs<float>& g) { multiply_by_warp_tiles(g, AsItIs()); }

} // namespace
} // namespace stepgrad
