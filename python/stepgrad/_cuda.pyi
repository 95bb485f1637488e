"""The CUDA kernels, compiled by nvcc. See csrc/cuda/."""

from collections.abc import Callable

def rungs() -> list[tuple[str, str, str, str, Callable[..., None], str, bool]]:
    """Return (op, rung, summary, source, function, dtypes, is_reduced), each op's rungs from the bottom to the top."""

def device_count() -> int:
    """Return how many GPUs can run the kernels; 0 also where there is no driver."""

def describe() -> str:
    """Return the GPU in use, or why there is none."""

def set_stream(stream: int) -> None:
    """Set the CUDA stream of the calls that follow."""
