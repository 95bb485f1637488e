"""The CUDA kernels, compiled by nvcc. See csrc/cuda/."""

from collections.abc import Callable

from stepgrad._cpu import Recorder as Recorder  # one of the same kind, for these kernels

def rungs() -> list[tuple[str, str, str, str, Callable[..., None], str, bool]]:
    """Return (op, rung, summary, source, function, dtypes, is_reduced), each op's rungs from the bottom to the top."""

def device_count() -> int:
    """Return how many GPUs can run the kernels; 0 also where there is no driver."""

def describe() -> str:
    """Return the GPU in use, or why there is none."""

def set_stream(stream: int) -> None:
    """Set the CUDA stream of the calls that follow."""

class Graph:
    """The launches of a function, to be launched again as one CUDA graph. Nothing runs while they are written down."""

    def __init__(self, launches: Callable[[], None]) -> None: ...
    def launch(self) -> None:
        """Start them on the current stream."""
