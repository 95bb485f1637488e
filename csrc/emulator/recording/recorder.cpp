#include "emulator/recording/recorder.h"
#include <dlfcn.h>
#include <algorithm>

namespace stepgrad::emulator {

void Recorder::launch(dim3 grid, dim3 block, size_t) { launches.push_back({grid, block}); }

void Recorder::temporary(const void* data, size_t bytes) {
  arrays.push_back({"temporary", static_cast<const char*>(data), bytes, 0, 0, -1});
}

int32_t Recorder::number(const Block& block) const {
  const dim3 grid = launches.back().grid;
  return int32_t(block.index.x + grid.x * (block.index.y + grid.y * block.index.z));
}

void Recorder::block_starts(Block& block) {
  block_ = &block, block_number_ = number(block), epoch_ = 0;
  std::fill_n(warp_epochs_, 32, 0);
}

void Recorder::thread_runs(Block& block, const Thread& thread) { thread_ = block.number(thread); }

void Recorder::barrier(const Block& block, Site site, bool left_out) {
  barriers.push_back({int32_t(launches.size()) - 1, number(block), epoch_, site, left_out});
}

// Without its barrier a thread just goes on. The first thread of a block enters the gap into the recording.
bool Recorder::leaves_out(Block& block, Site site) {
  if (site.line != left_out_) return false;
  if (thread_ == 0) barrier(block, site, true);
  return true;
}

void Recorder::barrier_opens(Block& block, Site site) {
  barrier(block, site, false);
  epoch_++;
}

void Recorder::warp_operation(Block& block, const Thread& thread, Site) {
  warp_epochs_[block.number(thread) / 32]++;
}

void Recorder::block_ends(Block&) { block_ = nullptr; }

// The array that an address lies in, or -1: a thread's own stack, the kernel's arguments, the emulator itself.
int Recorder::find(const char* address) {
  const auto holds = [address](const char* data, size_t bytes) {
    return address >= data && address < data + bytes;
  };
  for (size_t i = arrays.size(); i-- > 0;) // from the back: temporary memory may be where an older one was
    if (arrays[i].launch < 0 && holds(arrays[i].data, arrays[i].bytes)) return int(i);
  const int32_t launch = int32_t(launches.size()) - 1;
  for (const SharedArray& shared : block_->shared.arrays()) {
    if (!holds(shared.data, shared.bytes)) continue;
    size_t i = 0;
    while (i < arrays.size() && (arrays[i].launch != launch || arrays[i].name != shared.name)) i++;
    if (i == arrays.size())
      arrays.push_back({shared.name, nullptr, shared.bytes, shared.row, shared.item, launch});
    arrays[i].data = shared.data; // the next block may have it elsewhere
    return int(i);
  }
  return -1;
}

void Recorder::enter(const void* address, size_t size, Access::Kind kind, uint64_t site) {
  const char* at = static_cast<const char*>(address);
  const int array = find(at);
  if (array < 0) return;
  if (accesses.size() == limit_) { // an exception must not leave through a load
    full = true;
    return;
  }
  accesses.push_back({site, at - arrays[array].data, int32_t(launches.size()) - 1, block_number_, thread_,
                      epoch_, warp_epochs_[thread_ / 32], array, int32_t(size), kind});
}

void Recorder::touch(const void* address, size_t size, Access::Kind kind, const void* instruction) {
  if (!block_) return;
  static const char* const begin = [] {
    Dl_info module;
    dladdr(&recorder, &module);
    return static_cast<const char*>(module.dli_fbase);
  }();
  enter(address, size, kind, uint64_t(static_cast<const char*>(instruction) - begin));
}

void Recorder::touch(const void* address, size_t size, Access::Kind kind, Site site) {
  size_t i = 0;
  while (i < sites.size() && (sites[i].line != site.line || sites[i].file != site.file)) i++;
  if (i == sites.size()) sites.push_back(site);
  enter(address, size, kind, NAMED + i);
}

} // namespace stepgrad::emulator

// ---- what the compiler calls ---------------------------------------------------------------------------------------

using stepgrad::emulator::Access;
using stepgrad::emulator::recorder;

#define TOUCH(size, kind)                                                                                    \
  if (recorder) recorder->touch(p, size, Access::kind, static_cast<char*>(__builtin_return_address(0)) - 1)
#define PLAIN(size)                                                                                          \
  void __tsan_read##size(void* p) { TOUCH(size, READ); }                                                     \
  void __tsan_write##size(void* p) { TOUCH(size, WRITE); }                                                   \
  void __tsan_unaligned_read##size(void* p) { TOUCH(size, READ); }                                           \
  void __tsan_unaligned_write##size(void* p) { TOUCH(size, WRITE); }                                         \
  void __tsan_volatile_read##size(void* p) { TOUCH(size, READ); }                                            \
  void __tsan_volatile_write##size(void* p) { TOUCH(size, WRITE); }
#define ATOMICS(bits, T)                                                                                     \
  T __tsan_atomic##bits##_load(const volatile T* a, int) {                                                   \
    void* p = const_cast<T*>(a);                                                                             \
    TOUCH(bits / 8, ATOMIC);                                                                                 \
    return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                                             \
  }                                                                                                          \
  bool __tsan_atomic##bits##_compare_exchange_strong(volatile T* a, T* c, T v, int, int) {                   \
    void* p = const_cast<T*>(a);                                                                             \
    TOUCH(bits / 8, ATOMIC);                                                                                 \
    return __atomic_compare_exchange_n(a, c, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
  }                                                                                                          \
  bool __tsan_atomic##bits##_compare_exchange_weak(volatile T* a, T* c, T v, int, int) {                     \
    void* p = const_cast<T*>(a);                                                                             \
    TOUCH(bits / 8, ATOMIC);                                                                                 \
    return __atomic_compare_exchange_n(a, c, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
  }

// The names are the compiler's, and visible: the objects that call them are in the same module.
extern "C" {
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
void __tsan_read_range(void* p, size_t size) { TOUCH(size, READ); }
void __tsan_write_range(void* p, size_t size) { TOUCH(size, WRITE); }
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_init() {}
void __tsan_atomic_thread_fence(int) {}
}
