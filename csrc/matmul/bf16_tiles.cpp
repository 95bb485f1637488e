// Second rung of matmul_bf16: the layout and the blocks of the rungs above, on tiles that are plain arrays.
//
// What changes: each number is rounded once, while it is packed into tiles of 16 x 32; C is computed in blocks of 32 x 32.
// Faster than `naive`, far slower than `rounded`: it is here to be read, and to test the cutting on any CPU.
//
// Shapes: matmul.h. 2*M*N*K FLOPs, with M and N rounded up to 32 and K to 32.
#include "common/registry.h"
#include "matmul/bf16_tiles.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_RUNG(MatmulArgs, "matmul_bf16", "tiles", 10,
              "the AMX rung's tiles as plain arrays: to read and to test", matmul_bf16_tiles)
template <class T> void matmul_bf16_tiles(const MatmulArgs<T>& g) { matmul_in_blocks<PortableBlocks<T>>(g); }

} // namespace STEPGRAD_ISA
} // namespace stepgrad
