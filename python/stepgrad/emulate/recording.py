"""A recorded launch: which thread touched which element, in which order, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stepgrad.emulate.memory import SECTOR, sectors, useful_bytes, wavefronts
from stepgrad.emulate.races import Race, races

READ, WRITE, ATOMIC = 0, 1, 2
KINDS = ("reads", "writes", "updates atomically")

# One access of one thread, as csrc/emulator/recorder.h lays it out.
ACCESS = np.dtype(
    [
        ("site", "u8"), ("offset", "i8"), ("launch", "i4"), ("block", "i4"), ("thread", "i4"), ("epoch", "i4"),
        ("warp_epoch", "i4"), ("array", "i4"), ("size", "i4"), ("kind", "i4"),
    ]
)  # fmt: skip


@dataclass
class Launch:
    """One kernel launch: how many blocks, of how many threads."""

    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    kernel: str = ""


@dataclass
class Memory:
    """An array in global or shared memory."""

    name: str
    space: str  # "global" or "shared"
    shape: tuple[int, ...]
    itemsize: int

    def index(self, offset: int) -> tuple[int, ...]:
        """Return the index of the element at a byte."""
        return tuple(int(i) for i in np.unravel_index(offset // self.itemsize, self.shape))

    def element(self, offset: int) -> str:
        """Return the name of the element at a byte: tile[2, 3]."""
        return f"{self.name}[{', '.join(map(str, self.index(offset)))}]"


@dataclass
class Barrier:
    """All threads of a block met: what came before is over."""

    launch: int
    block: int
    epoch: int  # the one that ends here
    line: str
    left_out: bool = False


@dataclass
class Request:
    """What the lanes of one warp did together."""

    number: int
    launch: int
    block: int
    warp: int
    epoch: int
    line: str
    array: int
    kind: int
    size: int
    lanes: list[int]
    offsets: list[int]
    units: int  # sectors (global), or passes (shared)
    best: int


@dataclass
class LineCost:
    """All requests of one line of the kernel to one array."""

    line: str
    array: Memory
    kind: int
    requests: int
    units: int
    best: int
    bytes_used: int
    worst: int


@dataclass
class Recording:
    """An emulated launch, access by access.

    Attributes
    ----------
    accesses : structured array
        Every access of every thread, in the order in which they happened.
    barriers : list of Barrier
    memory : list of Memory
        The arrays; ``accesses["array"]`` is an index into it.
    error : float
        The largest difference from NumPy's result; NaN where the kernel made one.
    """

    op: str
    rung: str
    source: str
    launches: list[Launch]
    accesses: np.ndarray
    barriers: list[Barrier]
    memory: list[Memory]
    lines: dict[int, str]  # site -> "csrc/matmul/naive.cu:12"
    error: float
    bug: str = ""
    text: dict[str, list[str]] = field(default_factory=dict)  # file -> its lines

    @cached_property
    def _grouped(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (order, request of each access in that order, first access of each request)."""
        a = self.accesses
        lane_of = (a["launch"], a["block"], a["thread"], a["epoch"], a["warp_epoch"])
        position = _count_within(*lane_of)
        nth = _count_within(*lane_of, a["site"], a["array"])
        key = (a["launch"], a["block"], a["epoch"], a["thread"] // 32, a["warp_epoch"])
        # first by what is one request, to find its earliest lane ...
        order = np.lexsort((nth, a["array"], a["site"], *key[::-1]))
        new = _changes(order, *key, a["site"], a["array"], nth)
        request = np.cumsum(new) - 1
        earliest = np.full(request[-1] + 1 if len(order) else 0, np.iinfo(int).max)
        np.minimum.at(earliest, request, position[order])
        when = np.empty(len(a), int)
        when[order] = earliest[request]
        number = np.empty(len(a), int)
        number[order] = request
        # ... then in the order of the program
        order = np.lexsort((a["thread"], number, when, *key[::-1]))
        new = _changes(order, number)
        return order, np.cumsum(new) - 1, np.flatnonzero(new)

    @cached_property
    def _costs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return for each request: units, units at best, bytes wanted, bytes by all lanes."""
        order, request, first = self._grouped
        a, count = self.accesses[order], len(first)
        offset, size = a["offset"], a["size"].astype(int)
        used = useful_bytes(request, offset, size, count)
        passes, least = wavefronts(request, a["thread"] % 32, offset, size, count)
        touched = sectors(request, offset, size, count)
        shared = np.array([m.space == "shared" for m in self.memory])[a["array"][first]]
        best = np.where(shared, least, -(-used // SECTOR))
        return np.where(shared, passes, touched), best, used, np.bincount(request, size, count).astype(int)

    @property
    def request_count(self) -> int:
        return len(self._grouped[2])

    def requests(self, limit: int | None = None) -> list[Request]:
        """Return the requests in the order of the program: blocks, then barriers, then warps, one after another."""
        order, _, first = self._grouped
        units, best, _, _ = self._costs
        made = []
        for n, (begin, end) in enumerate(zip(first[:limit], [*first[1:], len(order)], strict=False)):
            a = self.accesses[order[begin:end]]
            one = a[0]
            made.append(
                Request(
                    n, int(one["launch"]), int(one["block"]), int(one["thread"]) // 32, int(one["epoch"]),
                    self.lines[int(one["site"])], int(one["array"]), int(one["kind"]), int(one["size"]),
                    (a["thread"] % 32).tolist(), a["offset"].tolist(), int(units[n]), int(best[n]),
                )
            )  # fmt: skip
        return made

    @cached_property
    def costs(self) -> list[LineCost]:
        """What each line of the kernel asks of each array, summed over all warps."""
        order, _, first = self._grouped
        units, best, used, _ = self._costs
        a = self.accesses[order][first]
        groups: dict[tuple[str, int, int], list[int]] = {}
        for i, one in enumerate(a):
            key = self.lines[int(one["site"])], int(one["array"]), int(one["kind"])
            groups.setdefault(key, []).append(i)
        made = []
        for (line, array, kind), members in groups.items():
            n = np.array(members)
            ratio = units[n] / best[n]
            worst = int(units[n][ratio.argmax()])
            made.append(
                LineCost(
                    line, self.memory[array], kind, len(n), int(units[n].sum()), int(best[n].sum()),
                    int(used[n].sum()), worst,
                )
            )  # fmt: skip
        return sorted(made, key=lambda c: _line_order(c.line))

    @cached_property
    def races(self) -> list[Race]:
        """Elements that two threads touch, one of them writing, with nothing between them that puts them in an order."""
        return races(self.accesses, self.memory, self.lines)

    def total(self, space: str) -> tuple[int, int, int]:
        """Return (requests, sectors or passes, the same at best) of one kind of memory."""
        of = [c for c in self.costs if c.array.space == space]
        return sum(c.requests for c in of), sum(c.units for c in of), sum(c.best for c in of)


def _line_order(line: str) -> tuple[str, int]:
    file, _, number = line.rpartition(":")
    return file, int(number)


def _count_within(*keys: np.ndarray) -> np.ndarray:
    """Return for each access how many before it have the same keys."""
    order = np.lexsort(keys[::-1])  # stable: accesses stay in the order in which they happened
    new = _changes(order, *keys)
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    count = np.empty(len(order), int)
    count[order] = np.arange(len(order)) - start
    return count


def _changes(order: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Tell where, in this order, any of the keys changes."""
    new = np.zeros(len(order), bool)
    new[:1] = True
    for key in keys:
        new[1:] |= np.diff(key[order].astype(np.int64)) != 0
    return new
