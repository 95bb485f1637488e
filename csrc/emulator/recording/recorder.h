// A recording of a launch: every access of every thread to global and shared memory, and every barrier.
//
// No kernel is changed for it. The .cu files are compiled once more with -fsanitize=thread, which puts a call in front
// of each load and store, __tsan_read4(address) and so on; but instead of ThreadSanitizer's library they are linked
// with recorder.cpp, which has functions of those names. What the compiler keeps in registers is never seen, as on a GPU.
#pragma once
#include "emulator/observer.h"
#include <cstdint>
#include <string>
#include <vector>

namespace stepgrad::emulator {

struct Access { // python/stepgrad/emulate/recording.py reads this layout
  enum Kind : int32_t { READ, WRITE, ATOMIC };
  uint64_t
      site; // the instruction, counted from where the module begins: addr2line names its line; or NAMED + i: sites[i]
  int64_t offset; // bytes, from the beginning of its array
  int32_t launch, block, thread;
  int32_t epoch, warp_epoch; // barriers of the block, warp operations of the warp, until now
  int32_t array, size, kind;
};

constexpr uint64_t NAMED = uint64_t(1) << 63;

struct RecordedBarrier {
  int32_t launch, block, epoch;
  Site site;
  bool left_out;
};

struct RecordedLaunch {
  dim3 grid, block;
};

struct RecordedArray {
  std::string name;
  const char* data;
  size_t bytes, row, item; // bytes of the array, of its first row, of an element; 0 where nobody knows
  int32_t launch;          // of an array in shared memory; -1 for global memory
};

class Recorder : public Observer {
public:
  // `global`: the arrays that the kernel gets. left_out: a line whose __syncthreads() does nothing, 0 for none.
  Recorder(std::vector<RecordedArray> global, int left_out, size_t limit)
      : arrays(std::move(global)), left_out_(left_out), limit_(limit) {}
  void launch(dim3 grid, dim3 block, size_t dynamic_bytes) override;
  void temporary(const void* data, size_t bytes) override;
  void block_starts(Block& block) override;
  void thread_runs(Block& block, const Thread& thread) override;
  bool leaves_out(Block& block, Site site) override;
  void barrier_opens(Block& block, Site site) override;
  void warp_operation(Block& block, const Thread& thread, Site site) override;
  void block_ends(Block& block) override;
  void touch(const void* address, size_t size, Access::Kind kind, const void* instruction);
  void touch(const void* address, size_t size, Access::Kind kind, Site site);

  std::vector<Access> accesses;
  std::vector<RecordedBarrier> barriers;
  std::vector<RecordedLaunch> launches;
  std::vector<RecordedArray> arrays;
  std::vector<Site> sites;
  bool full = false; // there were more accesses than `limit`

private:
  void enter(const void* address, size_t size, Access::Kind kind, uint64_t site);
  int find(const char* address);
  int32_t number(const Block& block) const;
  void barrier(const Block& block, Site site, bool left_out);

  int left_out_;
  size_t limit_;
  Block* block_ = nullptr; // nullptr while no kernel runs
  int32_t block_number_ = 0, thread_ = 0, epoch_ = 0;
  int32_t warp_epochs_[32] = {};
};

inline Recorder* recorder = nullptr;

} // namespace stepgrad::emulator
