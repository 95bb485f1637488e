// Loads and stores that the compiler does not see, because the emulator does them for one instruction: cp.async, ldmatrix.
#pragma once
#include "emulator/block.h"

namespace stepgrad::emulator {

inline void (*on_touch)(const void* address, size_t bytes, bool writes,
                        Site site) = nullptr; // set by a recording

inline void touch(const void* address, size_t bytes, bool writes, Site site) {
  if (on_touch && bytes) on_touch(address, bytes, writes, site);
}

} // namespace stepgrad::emulator
