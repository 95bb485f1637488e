"""The machine that a benchmark ran on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import stepgrad
from stepgrad import kernels
from stepgrad.bench.threads import openblas_kernels
from stepgrad.doctor import tape

PEERS = ("numpy", "torch", "jax", "jaxlib", "keras", "tensorflow", "tensorflow-cpu")
FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_bf16", "amx_bf16", "asimd", "sve")


def describe() -> dict[str, Any]:
    """Return what a reader needs to judge the numbers: CPU, compiler, versions, load.

    Examples
    --------
    >>> describe()["cores"] >= 1
    True
    """
    fields = _cpuinfo()
    features: dict[str, Any] = {}
    if kernels.compiled():
        from stepgrad import _cpu

        features = _cpu.features()
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": fields.get("model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in flags],
        "isa": features.get("in_use", "not compiled"),
        "openblas": openblas_kernels(),
        "compiler": features.get("compiler", "unknown"),
        "tape": tape(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": {"stepgrad": stepgrad.__version__, **_versions()},
    }


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    pairs = (line.split(":", 1) for line in path.read_text().split("\n\n")[0].splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _versions() -> dict[str, str]:
    found = {}
    for package in PEERS:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def limits() -> dict[str, float | None]:
    """Measure what one core can do at most: GFLOP/s in registers (None where nothing is compiled), GB/s when copying."""
    peak = None
    if kernels.compiled():
        from stepgrad import _cpu

        peak = round(_cpu.peak_gflops(), 1)
    return {"peak_gflops": peak, "copy_gbs": round(copy_rate(), 1)}


def cores_at_once(threads: int, peak_gflops: float) -> float:
    """Return how many times the peak of one core `threads` of them reach together.

    Less than `threads` where others need the CPUs, or where those of a virtual machine share a core.
    """
    from stepgrad import _cpu

    with ThreadPoolExecutor(threads) as pool:
        together = sum(pool.map(lambda _: _cpu.peak_gflops(), range(threads)))
    return round(together / peak_gflops, 2)


def copy_rate(megabytes: int = 192) -> float:
    """Return the GB/s, read and written, of one thread that copies far more than the caches hold."""
    source = np.ones(megabytes * 2**17)
    target = np.empty_like(source)
    seconds = []
    for _ in range(4):
        start = time.process_time()
        np.copyto(target, source)
        seconds.append(time.process_time() - start)
    return 2 * source.nbytes / min(seconds) / 1e9
