#include "plan/plan.h"
#include "common/thread_pool.h"
#include <algorithm>

namespace stepgrad {

// Elements of a fused block: with a handful of arrays of 4 KiB each, a block stays in the L1 cache.
constexpr long BLOCK = 1024;
constexpr int MAX_SLOTS = 16, MAX_WORDS = 32;

int Plan::move(int i, const void* from, const void* to) {
  int found = 0;
  for (uint64_t& word : calls[i].words)
    if (word == reinterpret_cast<uintptr_t>(from)) {
      word = reinterpret_cast<uintptr_t>(to);
      found++;
    }
  return found;
}

void Plan::fuse(int begin, int end, const std::vector<const void*>& inner) {
  Group group{begin, end, int(std::min<size_t>(inner.size(), MAX_SLOTS)), {}};
  for (int slot = 0; slot < group.slots; slot++)
    for (int i = begin; i < end; i++)
      for (size_t word = 0; word < calls[i].words.size(); word++)
        if (calls[i].words[word] == reinterpret_cast<uintptr_t>(inner[slot]))
          group.inner.push_back({i, int(word), slot});
  std::sort(group.inner.begin(), group.inner.end(),
            [](const Inner& a, const Inner& b) { return a.call < b.call; });
  groups_.push_back(std::move(group));
}

void Plan::run_group(const Group& group) const {
  const Call& first = calls[group.begin];
  auto body = [&](long begin, long end) {
    alignas(64) char scratch[MAX_SLOTS][BLOCK * sizeof(double)];
    uint64_t part[MAX_WORDS];
    for (long from = begin; from < end; from += BLOCK) {
      const long to = std::min(from + BLOCK, end);
      auto inner = group.inner.begin();
      for (int i = group.begin; i < group.end; i++) {
        calls[i].slice(calls[i].words.data(), from, to, part);
        for (; inner != group.inner.end() && inner->call == i; ++inner)
          part[inner->word] = reinterpret_cast<uintptr_t>(scratch[inner->slot]);
        calls[i].run(calls[i].kernel, part);
      }
    }
  };
  // About a nanosecond an element and call: only used to decide whether threads are worth waking.
  parallel_for(first.items, 0.5 * (group.end - group.begin), body);
}

void Plan::replay(int begin, int end) const {
  auto group = std::lower_bound(groups_.begin(), groups_.end(), begin,
                                [](const Group& g, int i) { return g.begin < i; });
  for (int i = begin; i < end;) {
    if (group != groups_.end() && group->begin == i) {
      run_group(*group);
      i = group->end;
      ++group;
    } else {
      calls[i].run(calls[i].kernel, calls[i].words.data());
      i++;
    }
  }
}

} // namespace stepgrad
