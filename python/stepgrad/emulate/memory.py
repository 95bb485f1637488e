"""What a warp's request costs: sectors of global memory, wavefronts of shared memory. All requests at once.

A warp's 32 lanes execute one load or store together: one request. Global memory moves in sectors of 32 bytes; shared
memory has 32 banks of 4 bytes, and a bank gives one word at a time (CUDA C++ Programming Guide, "Global Memory" and
"Shared Memory" of the compute capabilities).
"""

from __future__ import annotations

import numpy as np

SECTOR = 32  # bytes that global memory moves at the least
BANKS, WORD = 32, 4


def sectors(request: np.ndarray, offset: np.ndarray, size: np.ndarray, count: int) -> np.ndarray:
    """Return how many sectors each request touches.

    Parameters
    ----------
    request : array of int, shape (accesses,)
        The number of the request that each access belongs to.
    offset, size : array of int, shape (accesses,)
        First byte, from the beginning of an array that starts at a sector, and bytes.
    count : int
        How many requests there are.

    Returns
    -------
    array of int, shape (count,)

    Examples
    --------
    Eight lanes read neighbouring floats, then eight lanes read a column of a matrix with 8 columns:

    >>> lanes = np.arange(8)
    >>> row, column = lanes * 4, lanes * 32
    >>> sectors(np.repeat([0, 1], 8), np.concatenate([row, column]), np.full(16, 4), 2).tolist()
    [1, 8]
    """
    request, unit = _units(request, offset, size, SECTOR)
    return np.bincount(_distinct(request, unit)[0], minlength=count)


def useful_bytes(request: np.ndarray, offset: np.ndarray, size: np.ndarray, count: int) -> np.ndarray:
    """Return how many different bytes each request wants; see :func:`sectors`."""
    request, unit = _units(request, offset, size, 1)
    return np.bincount(_distinct(request, unit)[0], minlength=count)


def wavefronts(
    request: np.ndarray, lane: np.ndarray, offset: np.ndarray, size: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the passes that shared memory needs for each request, and how many it would need without conflicts.

    Lanes that want the same word share it. Wide accesses go in parts: 8 bytes a lane in two half-warps, 16 bytes in
    four quarters.

    Examples
    --------
    A column of a tile with 32 columns lies in one bank; with 33 columns, in 32 different ones:

    >>> lanes, zero = np.arange(32), np.zeros(32, int)
    >>> for columns in (32, 33):
    ...     print(*wavefronts(zero, lanes, lanes * columns * 4, zero + 4, 1))
    [32] [1]
    [1] [1]
    """
    parts = np.maximum(size, WORD) // WORD
    part = lane * parts // 32  # which quarter or half of the warp
    both, word = _units(request * 32 + part, offset, size, WORD)
    both, word = _distinct(both, word)
    place, in_bank = np.unique(both * BANKS + word % BANKS, return_counts=True)
    passes = np.zeros(count * 32, int)
    np.maximum.at(passes, place // BANKS, in_bank)
    of_parts = passes.reshape(count, 32)
    return of_parts.sum(axis=1), (of_parts > 0).sum(axis=1)


def _units(
    group: np.ndarray, offset: np.ndarray, size: np.ndarray, unit: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cut accesses into the units of memory that they touch; every access may touch several."""
    first, last = offset // unit, (offset + size - 1) // unit
    pieces = last - first + 1
    start = np.repeat(np.cumsum(pieces) - pieces, pieces)
    return np.repeat(group, pieces), np.repeat(first, pieces) + np.arange(pieces.sum()) - start


def _distinct(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different pairs of (a, b)."""
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    new = np.ones(len(a), bool)
    new[1:] = (np.diff(a) != 0) | (np.diff(b) != 0)
    return a[new], b[new]
