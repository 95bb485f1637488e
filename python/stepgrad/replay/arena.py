"""Planning memory: which buffers can lie in the same place, because they are never needed at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.device_arrays import address

ALIGNMENT = 64  # bytes of a cache line, and of the longest vector


@dataclass(eq=False)
class Buffer:
    """A block of memory that is needed from one moment of the step to another.

    Attributes
    ----------
    size : int
        Bytes.
    first, last : int
        When it is written first and read last; both moments belong to it.
    offset : int
        Where it lies in the arena, once `place` has run.
    what : Any
        For the owner's use.
    """

    size: int
    first: int
    last: int
    what: Any = None
    offset: int = -1

    def meets(self, other: Buffer) -> bool:
        """Tell whether both are needed at some moment."""
        return self.first <= other.last and other.first <= self.last


def place(buffers: Sequence[Buffer]) -> int:
    """Give every buffer an offset, so that no two that are needed at once overlap; returns the arena's size.

    Large buffers are placed first, each in the lowest gap that holds it: simple, and close to the best possible.
    (Y. Pisarchyk and J. Lee, Efficient Memory Management for Deep Neural Net Inference, 2020: "greedy by size".)

    Examples
    --------
    >>> a, b, c = Buffer(100, 0, 1), Buffer(64, 1, 2), Buffer(100, 2, 3)
    >>> place([a, b, c])
    192
    >>> a.offset, b.offset, c.offset
    (0, 128, 0)
    """
    placed: list[Buffer] = []
    for buffer in sorted(buffers, key=lambda b: (-b.size, b.first)):
        buffer.offset = 0
        for other in sorted((o for o in placed if o.meets(buffer)), key=lambda o: o.offset):
            if buffer.offset + buffer.size <= other.offset:
                break  # the gap before `other` is large enough
            buffer.offset = max(buffer.offset, _aligned(other.offset + other.size))
        placed.append(buffer)
    return max((_aligned(b.offset + b.size) for b in buffers), default=0)


def allocate(size: int) -> Any:
    """Return an aligned array of bytes on the device in use."""
    make = np.empty if kernels.to_device[0] is None else kernels.empty
    raw = make((size + ALIGNMENT,), np.uint8)
    start = -address(raw) % ALIGNMENT
    return raw[start : start + size]


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
