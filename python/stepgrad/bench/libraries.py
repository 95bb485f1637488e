"""The contestants: what each needs to be installed, and the environment of its process."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import NamedTuple


class Library(NamedTuple):
    """One contestant.

    Attributes
    ----------
    name : str
    packages : tuple of str
        What Python must find.
    environment : tuple of (name, value)
        Of its process.
    programs : tuple of str
        What must be on the PATH.
    """

    name: str
    packages: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    programs: tuple[str, ...] = ()


STEPGRAD, NUMPY = Library("stepgrad"), Library("NumPy")
EAGER = Library("stepgrad, op by op")  # without the compiled step
FIT = Library("stepgrad, train_on_batch")
ON_NUMPY = Library("stepgrad on NumPy", (), (("STEPGRAD_KERNELS", "numpy"),))
OPENBLAS, MKL = Library("OpenBLAS"), Library("MKL", ("torch",))
TORCH = Library("PyTorch", ("torch",))
CHANNELS_LAST, FUSED = (
    Library("PyTorch, channels_last", ("torch",)),
    Library("PyTorch, fused Adam", ("torch",)),
)
FLUSHED = Library("PyTorch, denormals flushed", ("torch",))
# Products of bfloat16 numbers, weights in float32; fused Adam.
MIXED, AUTOCAST = Library("stepgrad, mixed_bfloat16"), Library("PyTorch, autocast to bfloat16", ("torch",))
COMPILED = Library("PyTorch, compiled", ("torch",), programs=("g++",))  # torch.compile, fused Adam
KERAS_TORCH = Library("Keras on PyTorch", ("keras", "torch"), (("KERAS_BACKEND", "torch"),))
JAX = Library("JAX", ("keras", "jax"), (("KERAS_BACKEND", "jax"), ("JAX_PLATFORMS", "cpu")))
TENSORFLOW = Library(
    "TensorFlow", ("keras", "tensorflow"), (("KERAS_BACKEND", "tensorflow"), ("TF_CPP_MIN_LOG_LEVEL", "3"))
)

LIBRARIES = {
    library.name: library
    for library in (
        STEPGRAD, EAGER, FIT, ON_NUMPY, NUMPY, OPENBLAS, MKL, TORCH, FUSED, COMPILED, CHANNELS_LAST, FLUSHED, KERAS_TORCH, JAX,
        TENSORFLOW, MIXED, AUTOCAST,
    )
}  # fmt: skip


def missing(library: Library) -> list[str]:
    """Return the packages and programs that a contestant needs and that are not installed.

    Examples
    --------
    >>> missing(STEPGRAD)
    []
    """
    packages = [name for name in library.packages if importlib.util.find_spec(name) is None]
    return packages + [name for name in library.programs if shutil.which(name) is None]


def environment(library: Library, threads: int) -> dict[str, str]:
    """Return the environment of a contestant's process."""
    pools = ("STEPGRAD_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")
    return {**os.environ, **dict.fromkeys(pools, str(threads)), **dict(library.environment)}
