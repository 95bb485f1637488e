// What the 32 threads of a warp do together: shuffles and votes. Every lane that the mask names must come.
#pragma once
#include "emulator/block.h"
#include <cstring>

namespace stepgrad::emulator {

struct ShuffleArgument { // what a lane brings and takes
  unsigned long long in[2], out[2];
  int source;
};
void shuffle(ShuffleArgument& mine, unsigned mask, Site site);
unsigned ballot(unsigned mask, bool vote, Site site);

template <class T> T shuffle_from(int source, T value, unsigned mask, Site site) {
  static_assert(sizeof(T) <= 16, "a shuffle moves at most 16 bytes");
  ShuffleArgument mine{};
  mine.source = source;
  std::memcpy(mine.in, &value, sizeof value);
  shuffle(mine, mask, site);
  std::memcpy(&value, mine.out, sizeof value);
  return value;
}

inline int lane() { return this_block().lane(); }

} // namespace stepgrad::emulator

inline void __syncwarp(unsigned mask = ~0u, stepgrad::emulator::Site site = STEPGRAD_HERE) {
  stepgrad::emulator::ballot(mask, false, site);
}
inline unsigned __ballot_sync(unsigned mask, int vote, stepgrad::emulator::Site site = STEPGRAD_HERE) {
  return stepgrad::emulator::ballot(mask, vote != 0, site);
}
inline int __any_sync(unsigned mask, int vote, stepgrad::emulator::Site site = STEPGRAD_HERE) {
  return stepgrad::emulator::ballot(mask, vote != 0, site) != 0;
}
inline int __all_sync(unsigned mask, int vote, stepgrad::emulator::Site site = STEPGRAD_HERE) {
  return stepgrad::emulator::ballot(mask, vote != 0, site) == mask;
}

// A segment is `width` lanes. A source outside of the segment means: keep your own value.
template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32,
              stepgrad::emulator::Site site = STEPGRAD_HERE) {
  const int first = stepgrad::emulator::lane() & ~(width - 1);
  return stepgrad::emulator::shuffle_from(first | (from & (width - 1)), value, mask, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32,
                  stepgrad::emulator::Site site = STEPGRAD_HERE) {
  const int lane = stepgrad::emulator::lane(), from = lane ^ bits;
  return stepgrad::emulator::shuffle_from(from / width > lane / width ? lane : from, value, mask, site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32,
                   stepgrad::emulator::Site site = STEPGRAD_HERE) {
  const int lane = stepgrad::emulator::lane(), from = lane + int(by);
  return stepgrad::emulator::shuffle_from(from / width != lane / width ? lane : from, value, mask, site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32,
                 stepgrad::emulator::Site site = STEPGRAD_HERE) {
  const int lane = stepgrad::emulator::lane(), from = lane - int(by);
  return stepgrad::emulator::shuffle_from(from < (lane & ~(width - 1)) ? lane : from, value, mask, site);
}
