"""The compiled C++ kernels. See csrc/bindings/."""

from collections.abc import Callable
from typing import Any

import numpy as np

def rungs() -> list[tuple[str, str, str, str, Callable[..., None]]]:
    """Return (op, rung, summary, source, function), each op's rungs from the bottom to the top."""

def features() -> dict[str, Any]:
    """Return the instruction sets that were compiled, the one in use, the CPU's flags, and the compiler."""

def get_num_threads() -> int:
    """Return how many threads the kernels may use."""

def set_num_threads(n: int) -> None:
    """Set how many threads the kernels may use."""

def direct(op: str, rung: str) -> Callable[..., Any] | None:
    """Return the short way into an elementwise rung: arrays in, a new array or NotImplemented out; None for other ops."""

def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return numpy.empty, with the memory of big arrays from the block cache."""

def memory() -> dict[str, int]:
    """Return the block cache's bytes in_use and kept, its limit, and how many blocks were allocated and reused."""

def empty_memory() -> int:
    """Give what the block cache keeps back to the system; return how many bytes."""

def peak_gflops() -> float:
    """Measure the float32 multiply-adds of one core, in registers: GFLOP/s."""

class Recorder:
    """Writes down the kernel calls of this thread, and runs them again."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def __len__(self) -> int: ...
    def truncate(self, n: int) -> None: ...
    def describe(self, begin: int = 0) -> list[tuple[str, str, int, int, list[tuple[Any, bool]]]]: ...
    def move(self, call: int, from_address: int, to_address: int) -> int: ...
    def fuse(self, begin: int, end: int, inner: list[int]) -> None: ...
    def let_go(self) -> None: ...
    def replay(self, begin: int, end: int) -> None: ...
