// Memory that nobody may touch, for AddressSanitizer: it sees the ends of what malloc gave, and has to be told about the
// ends inside of our own blocks. In every other build both functions are empty.
#pragma once
#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(from, bytes) ((void)(from), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(from, bytes) ((void)(from), (void)(bytes))
#endif

namespace stepgrad {

// Of the `size` bytes of a block, only the first `bytes` may be touched from now on.
inline void allow_only(void* block, size_t bytes, size_t size) {
  ASAN_UNPOISON_MEMORY_REGION(block, bytes);
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(block) + bytes, size - bytes);
}

} // namespace stepgrad
