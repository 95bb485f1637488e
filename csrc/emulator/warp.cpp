#include "emulator/warp.h"
#include <stdexcept>
#include <string>

namespace stepgrad::emulator {

static void exchange(void* const (&lanes)[32]) {
  for (void* lane : lanes) {
    if (!lane) continue;
    auto& mine = *static_cast<ShuffleArgument*>(lane);
    const void* from = lanes[mine.source];
    if (!from)
      throw std::runtime_error("a shuffle reads lane " + std::to_string(mine.source) +
                               ", which its mask leaves out");
    const auto& theirs = *static_cast<const ShuffleArgument*>(from);
    mine.out[0] = theirs.in[0], mine.out[1] = theirs.in[1];
  }
}

void shuffle(ShuffleArgument& mine, unsigned mask, Site site) {
  this_block().warp_operation(mask, exchange, &mine, site);
}

struct Vote {
  bool in;
  unsigned out;
};

static void count_votes(void* const (&lanes)[32]) {
  unsigned votes = 0;
  for (int i = 0; i < 32; i++)
    if (lanes[i] && static_cast<Vote*>(lanes[i])->in) votes |= 1u << i;
  for (void* lane : lanes)
    if (lane) static_cast<Vote*>(lane)->out = votes;
}

unsigned ballot(unsigned mask, bool vote, Site site) {
  Vote mine{vote, 0};
  this_block().warp_operation(mask, count_votes, &mine, site);
  return mine.out;
}

} // namespace stepgrad::emulator
