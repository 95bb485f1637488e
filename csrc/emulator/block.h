// One block of CUDA threads.
//
// A thread runs until it reaches a barrier or an operation of its warp; then the next one runs. When no thread can go
// on, all of them must stand at the same barrier: it opens. One warp runs as far as it can before the next one starts,
// which no hardware does, but which the rules allow: a kernel that is only right when warps keep pace fails here.
#pragma once
#include "emulator/fiber.h"
#include "emulator/language.h"
#include "emulator/shared_memory.h"
#include <exception>
#include <memory>
#include <vector>

namespace stepgrad::emulator {

struct Site { // a line of a kernel
  const char* file;
  int line;
  const char* function;
};
// As a default argument it names the line of the caller. (A function, not Site{...}: GCC 12 gives that the line it stands in.)
constexpr Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE(),
                    const char* function = __builtin_FUNCTION()) {
  return {file, line, function};
}
#define STEPGRAD_HERE ::stepgrad::emulator::here()

// What the lanes of a warp do together. It gets a pointer from each lane of the mask, nullptr for the others.
using WarpOperation = void (*)(void* const (&lanes)[32]);

struct AsyncCopies;

struct Thread {
  enum State : unsigned char { READY, AT_BARRIER, IN_WARP, POLLING, RETURNED };
  Fiber fiber;
  uint3 index;
  State state;
  Site site; // where it waits
  // in a warp operation
  unsigned mask;
  WarpOperation operation;
  void* argument;
  unsigned operations; // how many it has done
  char order[2];       // addresses that stand for "all lanes were here", by turns
  AsyncCopies* copies; // cp.async: what it has started and not waited for
};

struct Launch {
  dim3 grid, block;
  size_t dynamic_bytes;
  void (*body)(void*); // runs the kernel once, with its arguments
  void* arguments;
  bool eager_copies;
};

class Block {
public:
  Block();
  ~Block();
  // `order` lists the threads, the lanes of a warp next to each other. Throws what the kernel, or a check, threw.
  void run(const Launch& launch, uint3 index, const std::vector<int>& order);
  void wait(Thread::State state, Site site); // called on a thread: stop here
  void warp_operation(unsigned mask, WarpOperation operation, void* argument, Site site);
  int lane() const { return int(running_ - threads_.data()) & 31; }
  Thread& running() { return *running_; }
  int number(const Thread& t) const { return int(&t - threads_.data()); }
  const Launch& launch() const { return *launch_; }

  uint3 index{0, 0, 0};
  SharedMemory shared;

private:
  static void thread_main();
  void prepare(const Launch& launch);
  void go_on(Thread& thread);
  bool run_warp(const int* first, const int* last, int& live);
  void finish_warp_operation(Thread& thread);
  bool ask_again();
  void open_barrier();
  [[noreturn]] void diverged(const char* what, const Thread& a, const Thread& b) const;
  std::string where(const Thread& thread) const;
  void abandon();

  const Launch* launch_ = nullptr;
  std::vector<Thread> threads_;
  int count_ = 0;
  Fiber scheduler_;
  Thread* running_ = nullptr;
  std::exception_ptr error_;
  char start_, barrier_[2];
  unsigned barriers_ = 0;
  int asked_ = 0;
};

Block& this_block(); // of the thread that runs, on this core

} // namespace stepgrad::emulator

inline void __syncthreads(stepgrad::emulator::Site site = STEPGRAD_HERE) {
  stepgrad::emulator::this_block().wait(stepgrad::emulator::Thread::AT_BARRIER, site);
}
