// What mma and ldmatrix mean. The fragments are drawn in cuda/tiles.h.
#pragma once
#include "emulator/block.h"

namespace stepgrad::emulator {

void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Site site = STEPGRAD_HERE);
void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Site site = STEPGRAD_HERE);
unsigned to_tf32(float x);
void load_matrices(unsigned* r, int matrices, bool transposed, const void* row, Site site);

} // namespace stepgrad::emulator
