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
red_zones: list[tuple[int, int]] = []  # (begin, end) of those that the next arena needs


def place(buffers):
    """Give every buffer an offset of its own; returns the arena's size."""
    red_zones.clear()
    end = 0
    for buffer in buffers:
        buffer.offset = -(-(end + WIDTH) // arena.ALIGNMENT) * arena.ALIGNMENT
        red_zones.append((end, buffer.offset))
        end = buffer.offset + buffer.size
    red_zones.append((end, end + WIDTH))
    return end + WIDTH


def allocate(size: int) -> np.ndarray:
    """Return an arena with the red zones that `place` left."""
    block = arena.allocate(size)
    for begin, end in red_zones:
        poison(block.ctypes.data + begin, end - begin)
    return block


plan.place, plan.allocate = place, allocate
