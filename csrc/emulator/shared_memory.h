// The shared memory of one block. It is full of 0xFF bytes (NaN, or -1) when the block starts, as on a GPU it holds
// whatever the block before left there; a red zone around every array lets AddressSanitizer see a step outside.
#pragma once
#include <cstddef>
#include <vector>

namespace stepgrad::emulator {

constexpr size_t STATIC_LIMIT = 48 * 1024, DYNAMIC_LIMIT = 227 * 1024; // bytes: CUDA's own limits

struct SharedArray {
  const void* key; // tells the SHARED lines of a kernel apart; nullptr: the dynamic part
  const char* name;
  char* data;
  size_t bytes, row, item; // of all of it, of its first row, of an element; the dynamic part has no rows
};

class SharedMemory {
public:
  SharedMemory() = default;
  SharedMemory(const SharedMemory&) = delete;
  ~SharedMemory();
  void start_block(size_t dynamic_bytes);
  char* find(const SharedArray& wanted); // the same array for every thread of the block
  char* dynamic() const { return arrays_.front().data; }
  const std::vector<SharedArray>& arrays() const { return arrays_; }

private:
  char* place(SharedArray array);
  char* memory_ = nullptr;
  size_t used_ = 0, static_bytes_ = 0;
  std::vector<SharedArray> arrays_;
};

// What SHARED and DYNAMIC_SHARED call on the thread that runs.
char* static_shared(const SharedArray& wanted);
char* dynamic_shared();

} // namespace stepgrad::emulator

// `SHARED(float, tile, [16][17]);` declares `tile`, an array of float [16][17] that the block shares.
#define SHARED(T, name, extents)                                                                             \
  static const char name##_key = 0;                                                                          \
  using name##_type = T extents;                                                                             \
  name##_type& name = *reinterpret_cast<name##_type*>(::stepgrad::emulator::static_shared(                   \
      {&name##_key, #name, nullptr, sizeof(name##_type), sizeof(name[0]), sizeof(T)}))
#define DYNAMIC_SHARED(T, name) T* name = reinterpret_cast<T*>(::stepgrad::emulator::dynamic_shared())
