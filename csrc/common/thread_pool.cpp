#include "common/thread_pool.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#ifndef _WIN32
#include <pthread.h>
#endif
#ifdef __linux__
#include <sched.h>
#endif

namespace stepgrad {
namespace {

constexpr double MIN_PARALLEL_NS = 50e3; // below this a loop stays on the calling thread
constexpr double MIN_CHUNK_NS = 12e3;
constexpr long CHUNKS_PER_THREAD =
    4; // small chunks: a thread that lost its core delays the loop by one of them
// How long an idle worker looks for work before it sleeps: longer than it waits for the others' last chunks, and than a training
// step computes on one thread between two loops, because to wake it takes as long as many a loop. Products on two threads were
// 1.2 times as fast as with 20 us. The price is paid beside a busy neighbour: 1.2 to 1.45 times the step on one thread, 1.05 to 1.12
// with 20 us, because a worker that looks uses up its share of the CPU, and then loses it in the middle of a chunk.
constexpr auto SPIN = std::chrono::microseconds(200);

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Set on a worker, and on a caller inside its own loop: a nested parallel loop runs serially, always, so that a body
// may count on it.
thread_local bool inside_loop = false;
struct InsideLoop {
  InsideLoop() { inside_loop = true; }
  ~InsideLoop() { inside_loop = false; }
};

class Pool {
public:
  // False when another Python thread is using the pool; the caller then does its loop alone.
  bool try_run(long n, long chunk, int threads, ChunkFn run, const void* body) {
    if (busy_.exchange(true, std::memory_order_acquire)) return false;
    add_workers(threads - 1);
    long chunks = (n + chunk - 1) / chunk;
    run_ = run, body_ = body, n_ = n, chunk_ = chunk, chunks_ = chunks;
    helpers_ = threads - 1, error_ = nullptr;
    done_.store(0, std::memory_order_relaxed);
    uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
    ticket_.store(number << 32 | uint64_t(chunks)); // publishes everything above
    if (sleepers_.load() > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }
    take_chunks(uint32_t(number));
    for (int spins = 0; done_.load(std::memory_order_acquire) < chunks; spins++) {
      if (spins < 1000)
        pause();
      else
        std::this_thread::yield();
    }
    std::exception_ptr error = error_;
    busy_.store(false, std::memory_order_release);
    if (error) std::rethrow_exception(error);
    return true;
  }

private:
  // ticket_ = number of the loop << 32 | chunks not yet taken. A worker that wakes late finds another number or no
  // chunks left; whoever takes a chunk may read the fields below, because the loop cannot end before that chunk does.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<long> done_{0};
  std::atomic<bool> busy_{false};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::mutex error_mutex_;
  std::exception_ptr error_;
  ChunkFn run_ = nullptr;
  const void* body_ = nullptr;
  long n_ = 0, chunk_ = 1, chunks_ = 0;
  std::atomic<int> helpers_{0}; // workers that may join: those with a smaller index
  int workers_ = 0;

  bool take_one(uint32_t number) {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    do {
      if (uint32_t(ticket >> 32) != number || uint32_t(ticket) == 0) return false;
    } while (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel));
    long begin = (chunks_ - long(uint32_t(ticket))) * chunk_;
    try {
      run_(body_, begin, std::min(n_, begin + chunk_));
    } catch (...) {
      std::lock_guard<std::mutex> lock(error_mutex_);
      error_ = std::current_exception();
    }
    done_.fetch_add(1, std::memory_order_release);
    return true;
  }
  void take_chunks(uint32_t number) {
    while (take_one(number)) {
    }
  }

  void add_workers(int wanted) {
    try {
      for (; workers_ < wanted; workers_++) std::thread([this, index = workers_] { work(index); }).detach();
    } catch (const std::system_error&) {
      // The system gives no more threads: the ones we have, and the caller, do the work.
    }
  }

  [[noreturn]] void work(int index) {
    inside_loop = true;
    uint32_t seen = 0;
    auto idle_since = std::chrono::steady_clock::now();
    for (;;) {
      uint32_t number = uint32_t(ticket_.load(std::memory_order_acquire) >> 32);
      if (number != seen) {
        seen = number;
        if (index < helpers_.load(std::memory_order_relaxed)) take_chunks(number);
        idle_since = std::chrono::steady_clock::now();
        continue;
      }
      for (int i = 0; i < 32; i++) pause();
      if (std::chrono::steady_clock::now() - idle_since < SPIN) continue;
      std::unique_lock<std::mutex> lock(mutex_);
      sleepers_.fetch_add(1);
      wake_.wait(lock, [&] { return uint32_t(ticket_.load() >> 32) != seen; });
      sleepers_.fetch_sub(1);
      lock.unlock();
    }
  }
};

int default_threads() {
  if (const char* wish = std::getenv("STEPGRAD_NUM_THREADS")) {
    int n = std::atoi(wish);
    if (n >= 1) return n;
  }
#ifdef __linux__
  cpu_set_t mask; // the CPUs we may use: fewer than the machine has in a container or under taskset
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return std::max(1, CPU_COUNT(&mask));
#endif
  return std::max(1, int(std::thread::hardware_concurrency()));
}

std::atomic<int> num_threads{0}; // 0: not decided yet
std::atomic<Pool*> the_pool{nullptr};

Pool& pool() {
  Pool* p = the_pool.load(std::memory_order_acquire);
  if (p) return *p;
  auto* fresh = new Pool; // lives as long as the process: its workers are never joined
  if (the_pool.compare_exchange_strong(p, fresh)) return *fresh;
  delete fresh;
  return *p;
}

#ifndef _WIN32
// A forked child has none of the parent's threads: forget the pool, the next loop makes a new one.
void after_fork_in_child() {
  the_pool.store(nullptr);
  inside_loop = false;
}
const int fork_handler = pthread_atfork(nullptr, nullptr, after_fork_in_child);
#endif

} // namespace

int get_num_threads() {
  if (num_threads.load() == 0) num_threads.store(default_threads());
  return num_threads.load();
}

void set_num_threads(int n) { num_threads.store(n); }

int threads_for(double ns) { return ns < MIN_PARALLEL_NS || inside_loop ? 1 : get_num_threads(); }

void parallel_chunks(long n, double ns_per_item, ChunkFn run, const void* body) {
  if (n <= 0) return;
  if (inside_loop) return run(body, 0, n);
  const long threads = threads_for(double(n) * ns_per_item);
  InsideLoop inside;
  if (threads > 1 && n > 1) {
    long chunk = std::max((n + threads * CHUNKS_PER_THREAD - 1) / (threads * CHUNKS_PER_THREAD),
                          long(MIN_CHUNK_NS / ns_per_item) + 1);
    if (chunk < n && pool().try_run(n, chunk, int(threads), run, body)) return;
  }
  run(body, 0, n);
}

} // namespace stepgrad
