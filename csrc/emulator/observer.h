// How a recording listens to a launch. While one is set, blocks run one after another, on one core.
#pragma once
#include "emulator/block.h"

namespace stepgrad::emulator {

struct Observer {
  virtual ~Observer() = default;
  virtual void launch(dim3 /*grid*/, dim3 /*block*/, size_t /*dynamic_bytes*/) {}
  virtual void temporary(const void* /*data*/, size_t /*bytes*/) {} // memory that only this launcher has
  virtual void block_starts(Block&) {}
  virtual void thread_runs(Block&, const Thread&) {}      // from here on memory is touched by this thread
  virtual bool leaves_out(Block&, Site) { return false; } // a barrier: to show what a kernel does without it
  virtual void barrier_opens(Block&, Site) {}
  virtual void warp_operation(Block&, const Thread& /*any of its lanes*/, Site) {}
  virtual void block_ends(Block&) {}
};

inline Observer* observer = nullptr;

} // namespace stepgrad::emulator
