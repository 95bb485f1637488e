"""The compiled C++ kernels. See csrc/bindings/."""

from collections.abc import Callable
from typing import Any

def rungs() -> list[tuple[str, str, str, str, Callable[..., None]]]:
    """Return (op, rung, summary, source, function), each op's rungs from the bottom to the top."""

def features() -> dict[str, Any]:
    """Return the instruction sets that were compiled, the one in use, and the CPU's flags."""

def get_num_threads() -> int:
    """Return how many threads the kernels may use."""

def set_num_threads(n: int) -> None:
    """Set how many threads the kernels may use."""
