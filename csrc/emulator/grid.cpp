#include "emulator/grid.h"
#include "common/thread_pool.h"
#include "emulator/capture.h"
#include "emulator/observer.h"
#include "emulator/options.h"
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

namespace stepgrad::emulator {

static void check(const char* what, unsigned long got, unsigned long least, unsigned long most) {
  if (got >= least && got <= most) return;
  throw std::runtime_error(std::string("launch: expected ") + what + " of " + std::to_string(least) + " to " +
                           std::to_string(most) + ", got " + std::to_string(got));
}

// The threads of a block in the order in which they run; a warp's lanes stay together, a last, smaller warp stays last.
static std::vector<int> thread_order(int count, const Options& options, std::mt19937& random) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (options.order == Options::FORWARD) return order;
  const int whole = count / 32 * 32;
  std::vector<int> warps(whole / 32);
  std::iota(warps.begin(), warps.end(), 0);
  if (options.order == Options::REVERSE)
    std::reverse(warps.begin(), warps.end());
  else
    std::shuffle(warps.begin(), warps.end(), random);
  for (int i = 0; i < whole; i++) order[i] = warps[i / 32] * 32 + i % 32;
  for (int first = 0; first < count; first += 32) {
    const auto begin = order.begin() + first, end = order.begin() + std::min(count, first + 32);
    if (options.order == Options::REVERSE)
      std::reverse(begin, end);
    else
      std::shuffle(begin, end, random);
  }
  return order;
}

void run_grid(dim3 grid, dim3 block, size_t dynamic_bytes, void (*body)(void*), void* arguments,
              size_t argument_bytes) {
  if (capture) {
    std::vector<std::max_align_t> copy(argument_bytes / sizeof(std::max_align_t) + 1);
    std::memcpy(copy.data(), arguments, argument_bytes);
    capture->launches.push_back(
        [=]() mutable { run_grid(grid, block, dynamic_bytes, body, copy.data(), argument_bytes); });
    return;
  }
  check("a grid's x", grid.x, 1, 0x7fffffff);
  check("a grid's y", grid.y, 1, 65535);
  check("a grid's z", grid.z, 1, 65535);
  check("a block size", (unsigned long)block.x * block.y * block.z, 1, 1024);
  check("a block's z", block.z, 1, 64);
  check("a number of bytes of dynamic shared memory", dynamic_bytes, 0, DYNAMIC_LIMIT);

  const Options options = read_options();
  const Launch launch{grid, block, dynamic_bytes, body, arguments, options.eager_copies};
  const int threads = int(block.x * block.y * block.z);
  const long blocks = long(grid.x) * grid.y * grid.z;
  const auto block_at = [&](long i) {
    return uint3{unsigned(i % grid.x), unsigned(i / grid.x % grid.y), unsigned(i / grid.x / grid.y)};
  };
  if (observer) observer->launch(grid, block, dynamic_bytes);

  std::mt19937 random(options.seed);
  const std::vector<int> order = thread_order(threads, options, random);
#ifdef STEPGRAD_THREAD_SANITIZER
  const bool one_core = true;
#else
  const bool one_core = options.order != Options::FORWARD || observer;
#endif
  if (one_core) {
    std::vector<long> indices(blocks);
    std::iota(indices.begin(), indices.end(), 0);
    if (options.order == Options::REVERSE) std::reverse(indices.begin(), indices.end());
    if (options.order == Options::RANDOM) std::shuffle(indices.begin(), indices.end(), random);
    for (long i : indices)
      this_block().run(launch, block_at(i),
                       options.order == Options::RANDOM ? thread_order(threads, options, random) : order);
  } else {
    std::mutex mutex;
    std::exception_ptr error;
    const double nanoseconds = 50.0 * threads; // of a block: at the least, for starting its threads
    parallel_for(blocks, nanoseconds, [&](long begin, long end) {
      try {
        for (long i = begin; i < end; i++) this_block().run(launch, block_at(i), order);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!error) error = std::current_exception();
      }
    });
    if (error) std::rethrow_exception(error);
  }
  acquire(const_cast<Launch*>(&launch));
}

} // namespace stepgrad::emulator
