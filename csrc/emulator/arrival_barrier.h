// mbarrier: a barrier in shared memory that threads arrive at without waiting, and that counts bytes of copies, too.
//
// A phase ends when all arrivals and all bytes are there; whoever waits for it looks again and again. Part of the engine,
// which no sanitizer sees: to ThreadSanitizer the barrier is what orders its threads, not memory that they race for.
#pragma once
#include "emulator/block.h"

namespace stepgrad::emulator {

struct ArrivalBarrier { // 8 bytes, as the hardware's
  unsigned arrivals : 12, missing : 12, phase : 8;
  int bytes; // missing in this phase
};

void init_barrier(ArrivalBarrier& b, int arrivals);
void arrive(ArrivalBarrier& b);
void expect_bytes(ArrivalBarrier& b, int bytes);
void bytes_arrived(ArrivalBarrier& b, int bytes);
void wait_for_phase(ArrivalBarrier& b, int phase, Site site);

} // namespace stepgrad::emulator
