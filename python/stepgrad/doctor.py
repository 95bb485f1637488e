"""What `stepgrad doctor` reports."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys

import numpy as np

import stepgrad
from stepgrad import devices, kernels
from stepgrad.tape import is_compiled

EXTRAS = {
    "matplotlib": "plots: pip install matplotlib",
    "safetensors": "saved models: pip install safetensors",
    "tensorboard": 'the TensorBoard callback: pip install "stepgrad[tensorboard]"',
}


def findings() -> list[tuple[str, str]]:
    """Return (topic, finding) pairs, in plain sentences.

    Examples
    --------
    >>> findings()[0][0]
    'stepgrad'
    """
    rows = [
        ("stepgrad", f"{stepgrad.__version__} on Python {platform.python_version()}, NumPy {np.__version__}"),
        ("machine", f"{platform.machine()}, {platform.system()}, {os.cpu_count()} CPUs"),
        ("tape", tape()),
        *_native(),
        ("GPU", _gpu()),
    ]
    missing = [why for package, why in EXTRAS.items() if not _installed(package)]
    rows.append(("to install for more", "; ".join(missing) or "nothing: all extras are here"))
    return rows


def tape() -> str:
    """Return how the tape runs, in words."""
    return "compiled by Cython" if is_compiled() else "plain Python"


def _native() -> list[tuple[str, str]]:
    if not kernels.compiled():
        compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
        fix = (
            "install again to compile it"
            if compiler
            else "install a C++ compiler, then install stepgrad again"
        )
        return [("C++ kernels", f"not compiled, NumPy's functions are used; {fix}")]
    from stepgrad import _cpu

    features = ", ".join(f"{key}: {_plain(value)}" for key, value in _cpu.features().items())
    native = sum(row["rung"] != kernels.REFERENCE for row in kernels.table())
    return [
        ("C++ kernels", f"compiled; {native} of {len(kernels.table())} ops run on them (stepgrad kernels)"),
        ("CPU features", features),
        ("threads", f"{_cpu.get_num_threads()} (STEPGRAD_NUM_THREADS)"),
    ]


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _gpu() -> str:
    try:
        from stepgrad import _cuda
    except ImportError:
        built = f"CUDA kernels not compiled ({'install again to compile them' if shutil.which('nvcc') else 'no nvcc'})"
    else:
        built = f"CUDA kernels compiled; {_cuda.describe() if _cuda.device_count() else 'no GPU: ' + _cuda.describe()}"
    reason = devices.problem(devices.CUDA) or 'stepgrad.device("cuda") is ready'
    emulated = devices.problem(devices.EMULATED) or 'stepgrad.device("cuda-emulated") is ready'
    return f"{built}; {reason}; {emulated}"


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return package in sys.modules
    return True
