#include "emulator/shared_memory.h"
#include "emulator/block.h"
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#ifdef STEPGRAD_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif
#ifdef STEPGRAD_THREAD_SANITIZER
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace stepgrad::emulator {

static constexpr size_t ZONE = 64, MEMORY = STATIC_LIMIT + DYNAMIC_LIMIT + 64 * ZONE;

// For AddressSanitizer: an access of closed memory is an error.
static void close([[maybe_unused]] char* data, [[maybe_unused]] size_t bytes) {
#ifdef STEPGRAD_ADDRESS_SANITIZER
  __asan_poison_memory_region(data, bytes);
#endif
}

static void open([[maybe_unused]] char* data, [[maybe_unused]] size_t bytes) {
#ifdef STEPGRAD_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(data, bytes);
#endif
}

SharedMemory::~SharedMemory() {
  open(memory_, MEMORY);
  std::free(memory_);
}

void SharedMemory::start_block(size_t dynamic_bytes) {
#ifdef STEPGRAD_THREAD_SANITIZER
  // New memory for each block: what two blocks do at one address is no race. Nor is giving the memory back, which
  // ThreadSanitizer would take for a write.
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  std::free(memory_);
  memory_ = static_cast<char*>(std::aligned_alloc(ZONE, MEMORY));
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
#endif
  if (!memory_) memory_ = static_cast<char*>(std::aligned_alloc(ZONE, MEMORY));
  if (!memory_) throw std::bad_alloc();
  close(memory_, MEMORY);
  used_ = ZONE, static_bytes_ = 0;
  arrays_.clear();
  arrays_.reserve(32);
  place({nullptr, "dynamic shared memory", nullptr, dynamic_bytes, 0, 0});
}

char* SharedMemory::place(SharedArray array) {
  const size_t bytes = array.bytes;
  char* data = memory_ + used_;
  used_ += (bytes + 2 * ZONE - 1) / ZONE * ZONE;
  if (used_ > MEMORY) throw std::runtime_error("too many arrays in shared memory");
  open(data, bytes);
  // Not memset: ThreadSanitizer would take that for something the kernel did.
  for (size_t i = 0; i < bytes; i++) static_cast<volatile char*>(data)[i] = char(0xff);
  array.data = data;
  arrays_.push_back(array);
  return data;
}

char* SharedMemory::find(const SharedArray& wanted) {
  for (const SharedArray& array : arrays_)
    if (array.key == wanted.key) return array.data;
  static_bytes_ += wanted.bytes;
  if (static_bytes_ > STATIC_LIMIT)
    throw std::runtime_error(std::string("shared array '") + wanted.name +
                             "': expected at most 48 KiB in all, got " + std::to_string(static_bytes_) +
                             " bytes; use DYNAMIC_SHARED for more");
  return place(wanted);
}

char* static_shared(const SharedArray& wanted) { return this_block().shared.find(wanted); }

char* dynamic_shared() { return this_block().shared.dynamic(); }

} // namespace stepgrad::emulator
