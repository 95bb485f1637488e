#include "emulator/arrival_barrier.h"
#include "emulator/fiber.h"

namespace stepgrad::emulator {

static void end_phase_if_complete(ArrivalBarrier& b) {
  if (b.missing == 0 && b.bytes == 0) b.phase ^= 1, b.missing = b.arrivals;
}

void init_barrier(ArrivalBarrier& b, int arrivals) { b = {unsigned(arrivals), unsigned(arrivals), 0, 0}; }

void arrive(ArrivalBarrier& b) {
  release(&b);
  b.missing--;
  end_phase_if_complete(b);
}

void expect_bytes(ArrivalBarrier& b, int bytes) { b.bytes += bytes; }

void bytes_arrived(ArrivalBarrier& b, int bytes) {
  release(&b);
  b.bytes -= bytes;
  end_phase_if_complete(b);
}

void wait_for_phase(ArrivalBarrier& b, int phase, Site site) {
  while (int(b.phase) == phase) this_block().wait(Thread::POLLING, site);
  acquire(&b);
}

} // namespace stepgrad::emulator
