// Working memory of a kernel: one buffer for each thread and purpose, kept from call to call, 64-byte aligned.
#pragma once
#include <cstddef>

namespace stepgrad {

enum class Scratch { PACKED_A, PACKED_B, PRODUCT, PATCHES, PARTIAL, ROUNDED_A, ROUNDED_B, COUNT };

void* scratch_bytes(Scratch purpose,
                    size_t bytes); // contents are undefined; valid until the same purpose grows

// Room for n elements and a little more, so that a whole vector may be stored at the last one.
template <class T> T* scratch(Scratch purpose, long n) {
  return static_cast<T*>(scratch_bytes(purpose, size_t(n) * sizeof(T) + 256));
}

} // namespace stepgrad
