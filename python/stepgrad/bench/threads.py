"""Threads: how many our kernels and NumPy's OpenBLAS may use in this process."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

from stepgrad import kernels


def openblas() -> ctypes.CDLL | None:
    """Return the OpenBLAS that came with NumPy, or None where NumPy was built on something else."""
    folder = Path(np.__file__).parents[1] / "numpy.libs"
    for path in sorted(folder.glob("libscipy_openblas64_*")):
        return ctypes.CDLL(str(path))
    return None


def openblas_kernels() -> str | None:
    """Return the CPU for which NumPy's OpenBLAS chose its kernels, "SkylakeX" or "Haswell" for instance."""
    library = openblas()
    if library is None:
        return None
    name = library.scipy_openblas_get_corename64_
    name.restype = ctypes.c_char_p
    return name().decode()


def set_threads(count: int) -> None:
    """Let our kernels and OpenBLAS use `count` threads from now on."""
    if kernels.compiled():
        from stepgrad import _cpu

        _cpu.set_num_threads(count)
    library = openblas()
    if library is not None:
        library.scipy_openblas_set_num_threads64_(ctypes.c_int(count))
