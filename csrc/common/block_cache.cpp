#include "common/block_cache.h"
#include "common/poison.h"
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>
#ifdef __linux__
#include <sys/mman.h>
#endif
#include <unistd.h>

namespace stepgrad {

static constexpr size_t LINE = 64, HUGE_PAGE = size_t(2) << 20;

// A quarter of the machine's memory: other programs need some, too.
static size_t default_limit() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? size_t(pages) / 4 * size_t(page) : size_t(1) << 30;
}

namespace {
struct Cache {
  std::mutex mutex;
  std::map<size_t, std::vector<void*>> waiting; // size class -> blocks
  BlockCacheStats stats{0, 0, default_limit(), 0, 0};
};
} // namespace

static Cache& cache() {
  static Cache* one = new Cache; // never destroyed: arrays may be freed while the process ends
  return *one;
}

size_t block_size(size_t bytes) {
  size_t step = 4 * LINE;
  while (step * 8 <= bytes) step *= 2; // sizes 4, 5, 6, 7 times a power of two
  return (bytes + step - 1) / step * step;
}

static void* fresh_block(size_t size) {
  void* block = nullptr;
  if (posix_memalign(&block, size >= HUGE_PAGE ? HUGE_PAGE : LINE, size)) return nullptr;
#ifdef MADV_HUGEPAGE
  if (size >= HUGE_PAGE) madvise(block, size, MADV_HUGEPAGE); // a wish: without huge pages it changes nothing
#endif
  return block;
}

static size_t free_waiting(Cache& c) {
  const size_t freed = c.stats.kept;
  for (auto& [size, blocks] : c.waiting)
    for (void* block : blocks) std::free(block);
  c.waiting.clear();
  c.stats.kept = 0;
  return freed;
}

void* take_block(size_t bytes) {
  const size_t size = block_size(bytes);
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  void* block = nullptr;
  auto list = c.waiting.find(size);
  if (list != c.waiting.end() && !list->second.empty()) {
    block = list->second.back(); // the last one given back: the likeliest to be in cache
    list->second.pop_back();
    c.stats.kept -= size;
    c.stats.reused++;
  } else {
    if (c.stats.in_use + c.stats.kept + size > c.stats.limit)
      free_waiting(c); // the sizes in demand have changed
    block = fresh_block(size);
    if (!block && free_waiting(c)) block = fresh_block(size);
    c.stats.allocated++;
  }
  if (!block) return nullptr;
  allow_only(block, bytes, size);
  c.stats.in_use += size;
  return block;
}

void give_block(void* block, size_t bytes) {
  const size_t size = block_size(bytes);
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  c.stats.in_use -= size;
  if (c.stats.in_use + c.stats.kept + size > c.stats.limit) {
    std::free(block);
    return;
  }
  allow_only(block, 0, size);
  c.waiting[size].push_back(block);
  c.stats.kept += size;
}

size_t empty_block_cache() {
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  return free_waiting(c);
}

BlockCacheStats block_cache_stats() {
  Cache& c = cache();
  std::lock_guard<std::mutex> lock(c.mutex);
  return c.stats;
}

} // namespace stepgrad
