"""Races: two threads, one element, one of them writes, and nothing says who comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Race:
    """Two accesses that nothing puts in an order, and how many elements they share."""

    element: str
    first: str  # "thread 3 of block 0 writes it at csrc/...:12"
    second: str
    first_line: str
    second_line: str
    array: int
    offset: int
    block: int
    threads: tuple[int, int]
    elements: int = 1  # of this pair of lines and this array


def races(accesses: np.ndarray, memory: Sequence[Any], lines: dict[int, str]) -> list[Race]:
    """Return one race for each pair of lines and array.

    Two accesses are in order if they are of one thread; or of one block with a barrier between them; or of one warp with a
    warp operation between them; or both atomic. Blocks of one launch are never in order.
    """
    a = _elements(accesses, memory)
    shared = np.array([m.space == "shared" for m in memory] or [False])[a["array"]]
    in_block = ("launch", "array", "offset", "block", "epoch")
    candidates = [
        *_groups(a, in_block, "thread"),
        *_groups(a[~shared], ("launch", "array", "offset"), "block"),
    ]
    found: dict[tuple[int, str, str], Race] = {}
    for group in candidates:
        pair = _unordered(group)
        if pair is None:
            continue
        one, other = pair
        array, offset = int(one["array"]), int(one["offset"])
        lines_of = lines[int(one["site"])], lines[int(other["site"])]
        known = found.get((array, *lines_of))
        if known is not None:
            known.elements += 1
            continue
        found[array, *lines_of] = Race(
            memory[array].element(offset), _said(one, lines_of[0]), _said(other, lines_of[1]), *lines_of, array, offset,
            int(one["block"]), (int(one["thread"]), int(other["thread"])),
        )  # fmt: skip
    return list(found.values())


def _elements(accesses: np.ndarray, memory: Sequence[Any]) -> np.ndarray:
    """Cut wide accesses into one for each element."""
    size = np.array([m.itemsize for m in memory] or [1])[accesses["array"]]
    pieces = np.maximum(accesses["size"] // size, 1)
    a, size = np.repeat(accesses, pieces), np.repeat(size, pieces)
    step = np.arange(len(a)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    a["offset"] = (a["offset"] // size + step) * size
    return a


def _groups(a: np.ndarray, same: Sequence[str], different: str) -> list[np.ndarray]:
    """Group accesses by `same`; keep the groups with a write and more than one of `different`."""
    if not len(a):
        return []
    a = a[np.lexsort([a[key] for key in reversed(same)])]
    new = np.zeros(len(a), bool)
    for key in same:
        new[1:] |= np.diff(a[key]) != 0
    start = np.concatenate([[0], np.flatnonzero(new)])
    who = a[different]
    several = np.minimum.reduceat(who, start) != np.maximum.reduceat(who, start)
    kept = several & (np.maximum.reduceat(a["kind"], start) > 0)
    end = np.append(start[1:], len(a))
    return [a[i:j] for i, j in zip(start[kept], end[kept])]


def _unordered(group: np.ndarray) -> tuple[np.void, np.void] | None:
    """Return the first two accesses of one element that race. A write comes first in the search: one is needed."""
    for w in group[group["kind"] != 0]:
        other = (group["thread"] != w["thread"]) | (group["block"] != w["block"])
        other &= ~((group["kind"] == 2) & (w["kind"] == 2))
        same_block = group["block"] == w["block"]
        same_warp = same_block & (group["thread"] // 32 == w["thread"] // 32)
        other &= ~same_block | (group["epoch"] == w["epoch"])
        other &= ~same_warp | (group["warp_epoch"] == w["warp_epoch"])
        if other.any():
            b = group[other][0]
            return w, b
    return None


def _said(access: np.void, line: str) -> str:
    verb = ("reads", "writes", "updates")[int(access["kind"])]
    return f"thread {access['thread']} of block {access['block']} {verb} it at {line}"
