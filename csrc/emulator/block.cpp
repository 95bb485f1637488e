#include "emulator/block.h"
#include "emulator/async_copy.h"
#include "emulator/observer.h"
#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace stepgrad::emulator {

static constexpr int MOST_THREADS = 1024;
static constexpr int MOST_QUESTIONS = 1 << 18; // far more than a kernel has phases: nobody will end this one

Block& this_block() {
  static thread_local Block block;
  return block;
}

Block::Block() { threads_.reserve(MOST_THREADS); } // threads never move: their fibers point at them

Block::~Block() { abandon(); }

// Where every fiber starts. After a kernel returned, the fiber waits here for the next block.
void Block::thread_main() {
  Block& block = this_block();
  fiber_started(block.scheduler_);
  for (;;) {
    acquire(&block.start_);
    try {
      block.launch_->body(block.launch_->arguments);
    } catch (...) {
      block.error_ = std::current_exception();
    }
    Thread& me = block.running();
    me.state = Thread::RETURNED;
#ifdef STEPGRAD_THREAD_SANITIZER
    delete_copies(me.copies); // by their owner: nothing orders this thread and the next block
    me.copies = nullptr;
#endif
    release(const_cast<Launch*>(block.launch_)); // what follows the launch comes after this
    switch_fiber(me.fiber, block.scheduler_);
  }
}

// Fibers that stand in the middle of a kernel cannot be used again.
void Block::abandon() {
  for (Thread& t : threads_) {
    destroy_fiber(t.fiber);
    delete_copies(t.copies);
  }
  threads_.clear();
}

void Block::prepare(const Launch& launch) {
  launch_ = &launch;
  count_ = int(launch.block.x * launch.block.y * launch.block.z);
  adopt_this_stack(scheduler_);
#ifdef STEPGRAD_THREAD_SANITIZER
  abandon(); // new fibers: nothing orders a thread of this block after a thread of the block before
#endif
  while (int(threads_.size()) < count_) {
    threads_.emplace_back();
    create_fiber(threads_.back().fiber, &Block::thread_main, int(threads_.size()));
  }
  const dim3 size = launch.block;
  for (int i = 0; i < count_; i++) {
    Thread& t = threads_[i];
    t.index = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
    t.state = Thread::READY;
    t.operations = 0;
    drop_copies(t.copies);
  }
  asked_ = 0;
  shared.start_block(launch.dynamic_bytes);
}

void Block::run(const Launch& launch, uint3 block_index, const std::vector<int>& order) {
  prepare(launch);
  index = block_index;
  blockIdx = block_index, blockDim = launch.block, gridDim = launch.grid;
  if (observer) observer->block_starts(*this);
  release(&start_);
  try {
    for (int live = count_; live > 0;) {
      bool ran = false;
      for (size_t w = 0; w < order.size(); w += 32)
        ran |= run_warp(&order[w], &order[w] + std::min<size_t>(32, order.size() - w), live);
      if (!ran && live > 0 && !ask_again()) open_barrier();
    }
  } catch (...) {
    abandon();
    throw;
  }
  if (observer) observer->block_ends(*this);
}

// Runs the threads of a warp again and again until all of them wait or have returned.
bool Block::run_warp(const int* first, const int* last, int& live) {
  bool ran = false;
  for (bool again = true; again;) {
    again = false;
    for (const int* i = first; i != last; i++) {
      Thread& t = threads_[*i];
      if (t.state != Thread::READY) continue;
      again = ran = true;
      go_on(t);
      if (t.state == Thread::RETURNED) live--;
      if (t.state == Thread::IN_WARP) finish_warp_operation(t);
    }
  }
  return ran;
}

void Block::go_on(Thread& thread) {
  running_ = &thread;
  threadIdx = thread.index;
  if (observer) observer->thread_runs(*this, thread);
  switch_fiber(scheduler_, thread.fiber);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Block::wait(Thread::State state, Site site) {
  if (state == Thread::AT_BARRIER && observer && observer->leaves_out(*this, site)) return;
  Thread& me = *running_;
  me.state = state, me.site = site;
  void* everyone = &barrier_[barriers_ & 1];
  if (state == Thread::IN_WARP) {
    Thread& leader = threads_[(number(me) & ~31) + __builtin_ctz(me.mask)];
    everyone = &leader.order[leader.operations & 1];
  }
  release(everyone);
  switch_fiber(me.fiber, scheduler_);
  acquire(everyone);
}

void Block::warp_operation(unsigned mask, WarpOperation operation, void* argument, Site site) {
  Thread& me = *running_;
  const int warp = number(me) & ~31, lanes = std::min(32, count_ - warp);
  me.site = site;
  if (!(mask >> lane() & 1))
    throw std::runtime_error(where(me) +
                             ": the mask of a warp operation leaves out the thread that calls it");
  if (lanes < 32 && mask >> lanes)
    throw std::runtime_error(where(me) + ": the mask of a warp operation names lane " +
                             std::to_string(31 - __builtin_clz(mask)) + ", but this warp has " +
                             std::to_string(lanes));
  me.mask = mask, me.operation = operation, me.argument = argument;
  wait(Thread::IN_WARP, site);
}

// Does the operation if every lane of the mask has come to it.
void Block::finish_warp_operation(Thread& thread) {
  Thread* warp = &threads_[number(thread) & ~31];
  void* arguments[32] = {};
  for (int lane = 0; lane < 32; lane++) {
    if (!(thread.mask >> lane & 1)) continue;
    const Thread& t = warp[lane];
    if (t.state != Thread::IN_WARP || t.mask != thread.mask || t.operation != thread.operation ||
        t.site.line != thread.site.line || t.site.file != thread.site.file)
      return;
    arguments[lane] = t.argument;
  }
  if (observer) observer->warp_operation(*this, thread, thread.site);
  thread.operation(arguments);
  for (int lane = 0; lane < 32; lane++)
    if (arguments[lane]) warp[lane].state = Thread::READY, warp[lane].operations++;
}

// When nobody else can go on, threads that wait for a value in memory look again: it may have changed since.
bool Block::ask_again() {
  bool any = false;
  for (Thread& t : threads_)
    if (t.state == Thread::POLLING) {
      if (asked_ > MOST_QUESTIONS)
        throw std::runtime_error(std::string(t.site.function) + ": " + where(t) + " for ever");
      t.state = Thread::READY, any = true;
    }
  asked_++;
  return any;
}

void Block::open_barrier() {
  const auto begin = threads_.begin(), end = begin + count_;
  for (auto t = begin; t != end; ++t) {
    if (t->state != Thread::IN_WARP) continue;
    const int warp = number(*t) & ~31;
    for (int lane = 0; lane < 32; lane++)
      if (t->mask >> lane & 1) {
        const Thread& other = threads_[warp + lane];
        if (other.state != Thread::IN_WARP || other.site.line != t->site.line || other.mask != t->mask)
          diverged("a warp operation that not all lanes of its mask reach", *t, other);
      }
  }
  const auto first = std::find_if(begin, end, [](const Thread& t) { return t.state == Thread::AT_BARRIER; });
  for (auto t = begin; t != end; ++t)
    if (t->state != Thread::AT_BARRIER || t->site.line != first->site.line ||
        t->site.file != first->site.file)
      diverged("a barrier that not all threads of the block reach", *first, *t);
  if (observer) observer->barrier_opens(*this, first->site);
  for (auto t = begin; t != end; ++t) t->state = Thread::READY;
  barriers_++;
}

static std::string text(uint3 v) {
  return "(" + std::to_string(v.x) + ", " + std::to_string(v.y) + ", " + std::to_string(v.z) + ")";
}

std::string Block::where(const Thread& t) const {
  const std::string name = "thread " + text(t.index);
  if (t.state == Thread::RETURNED) return name + " has returned";
  return name + (t.state == Thread::READY ? " is at " : " waits at ") + t.site.file + ":" +
         std::to_string(t.site.line);
}

void Block::diverged(const char* what, const Thread& a, const Thread& b) const {
  throw std::runtime_error(std::string(a.site.function) + ": " + what + ": in block " + text(index) + " " +
                           where(a) + ", but " + where(b));
}

} // namespace stepgrad::emulator
