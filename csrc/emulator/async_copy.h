// cp.async: a thread starts copies of 16 bytes from global to shared memory and waits for them later, in groups.
//
// The rules allow the copy at any time between the start and the wait. `lazy` does it at the wait, which finds a wait
// that is missing; `eager` does it at the start, which finds a buffer that is filled while others still read it.
#pragma once
#include "emulator/block.h"

namespace stepgrad::emulator {

void start_copy(void* to, const void* from, size_t bytes, size_t filled, Site site); // the rest becomes 0
void commit_copies();
void wait_copies(int groups); // until at most so many groups are still on their way

void drop_copies(AsyncCopies* copies);
void delete_copies(AsyncCopies* copies);

} // namespace stepgrad::emulator
