#include "emulator/async_copy.h"
#include "emulator/touch.h"
#include <cstdint>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>

namespace stepgrad::emulator {

struct Copy {
  void* to;
  const void* from;
  size_t bytes, filled;
  Site site;
};

struct AsyncCopies {
  std::vector<Copy> open; // not committed yet
  std::deque<std::vector<Copy>> groups;
};

static AsyncCopies& copies_of(Thread& thread) {
  if (!thread.copies) thread.copies = new AsyncCopies();
  return *thread.copies;
}

// memcpy and memset are seen by the sanitizers, as accesses of the CUDA thread that runs.
static void carry_out(const Copy& c) {
  touch(c.from, c.filled, false, c.site);
  touch(c.to, c.bytes, true, c.site);
  std::memcpy(c.to, c.from, c.filled);
  std::memset(static_cast<char*>(c.to) + c.filled, 0, c.bytes - c.filled);
}

void start_copy(void* to, const void* from, size_t bytes, size_t filled, Site site) {
  if ((reinterpret_cast<uintptr_t>(to) | (filled ? reinterpret_cast<uintptr_t>(from) : 0)) % bytes)
    throw std::runtime_error(std::string(site.function) + ": cp.async at " + site.file + ":" +
                             std::to_string(site.line) + ": expected addresses that are multiples of " +
                             std::to_string(bytes));
  Block& block = this_block();
  const Copy copy{to, from, bytes, filled, site};
  if (block.launch().eager_copies)
    carry_out(copy);
  else
    copies_of(block.running()).open.push_back(copy);
}

void commit_copies() {
  AsyncCopies& mine = copies_of(this_block().running());
  mine.groups.push_back(std::move(mine.open));
  mine.open.clear();
}

void wait_copies(int groups) {
  AsyncCopies& mine = copies_of(this_block().running());
  for (; int(mine.groups.size()) > groups; mine.groups.pop_front())
    for (const Copy& copy : mine.groups.front()) carry_out(copy);
}

void drop_copies(AsyncCopies* copies) {
  if (!copies) return;
  copies->open.clear();
  copies->groups.clear();
}

void delete_copies(AsyncCopies* copies) { delete copies; }

} // namespace stepgrad::emulator
