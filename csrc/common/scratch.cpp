#include "common/scratch.h"
#include "common/poison.h"
#include <memory>
#include <new>

namespace stepgrad {

static constexpr std::align_val_t ALIGNMENT{64};

struct Free {
  void operator()(char* p) const { ::operator delete(p, ALIGNMENT); }
};

void* scratch_bytes(Scratch purpose, size_t bytes) {
  struct Buffer {
    std::unique_ptr<char, Free> memory;
    size_t size = 0;
  };
  thread_local Buffer buffers[int(Scratch::COUNT)];
  Buffer& buffer = buffers[int(purpose)];
  if (bytes > buffer.size) {
    buffer.memory.reset(); // before the new one, so that both never exist together
    buffer.size = 0;
    buffer.memory.reset(static_cast<char*>(::operator new(bytes + bytes / 4, ALIGNMENT)));
    buffer.size = bytes + bytes / 4;
  }
  allow_only(buffer.memory.get(), bytes, buffer.size);
  return buffer.memory.get();
}

} // namespace stepgrad
