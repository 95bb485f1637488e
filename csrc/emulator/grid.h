// A launch: every block of a grid.
#pragma once
#include "emulator/block.h"

namespace stepgrad::emulator {

// Runs body(arguments) once for each thread of each block; returns when all have finished. Throws what went wrong.
// While a capture is open (capture.h) it only keeps a copy of the `argument_bytes` of the arguments.
void run_grid(dim3 grid, dim3 block, size_t dynamic_bytes, void (*body)(void*), void* arguments,
              size_t argument_bytes);

} // namespace stepgrad::emulator
