"""A pytest plugin for tests/sanitizers.sh: AddressSanitizer guards the memory around every buffer of a plan's arena.

The arena is one block to malloc, in which buffers lie side by side or take each other's place: an overrun would go unseen.
Here every buffer gets a place of its own, and what lies between two of them is poisoned.
"""

import ctypes

import numpy as np

from stepgrad.replay import arena, plan

WIDTH = 4 * arena.ALIGNMENT  # of a red zone: longer than any vector
poison = ctypes.CDLL(None)["__asan_poison_memory_region"]
poison.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Arena(np.ndarray):
    """The block, which is filled with rubbish without touching the red zones."""

    def fill(self, value):
        for begin, end in self.places:
            self.view(np.ndarray)[begin:end].fill(value)


places: list[tuple[int, int]] = []  # (begin, end) of the buffers of the arena that comes next


def place(buffers):
    """Give every buffer an offset of its own; returns the arena's size."""
    places.clear()
    end = 0
    for buffer in buffers:
        buffer.offset = -(-(end + WIDTH) // arena.ALIGNMENT) * arena.ALIGNMENT
        end = buffer.offset + buffer.size
        places.append((buffer.offset, end))
    return end + WIDTH


def allocate(size: int) -> np.ndarray:
    """Return an arena with everything poisoned that `place` gave to nobody."""
    block = arena.allocate(size).view(Arena)
    block.places = list(places)
    ends = [0, *(end for _, end in places)]
    begins = [*(begin for begin, _ in places), size]
    for begin, end in zip(ends, begins, strict=True):
        poison(block.ctypes.data + begin, end - begin)
    return block


plan.place, plan.allocate = place, allocate
