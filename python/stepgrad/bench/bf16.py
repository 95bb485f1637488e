"""Products of bfloat16 numbers, where the CPU has instructions for them: against our own float32 and PyTorch's bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.bench import gemm
from stepgrad.bench.libraries import STEPGRAD, TORCH
from stepgrad.ops.linalg.bfloat16 import nearest

TOLERANCE = 2e-2  # PyTorch returns bfloat16: 2^-9 of an entry, and of entries many times the mean
SHAPES = tuple(f"NN {n}x{n}x{n}" for n in (128, 256, 512, 1024, 2048))
FLOAT32 = "stepgrad, float32"
CONTESTANTS = {STEPGRAD.name: STEPGRAD.name, FLOAT32: STEPGRAD.name, TORCH.name: TORCH.name}
# The top rung -> the section of its races: a result says by which instructions it came.
SECTIONS = {"amx": "bfloat16 on AMX", "dot_product": "bfloat16 by AVX-512's dot products"}


def section() -> str | None:
    """Return where the races of this CPU's top rung belong; None where it computes in float32, which is not worth a race."""
    return SECTIONS.get(kernels.rungs("matmul_bf16")[-1].rung)


def _matrices(shape: str) -> tuple[np.ndarray, np.ndarray]:
    a, b = gemm.matrices(shape)
    return nearest(a), nearest(b)


def expected(shape: str, name: str) -> tuple[np.ndarray, ...]:
    """Return the product in float64."""
    a, b = (x.astype(np.float64) for x in _matrices(shape))
    return (a @ b,)


def load(library: str, shape: str, name: str) -> tuple[Callable[[], Any], tuple[np.ndarray, ...]]:
    """Return (a call without arguments, what it computed)."""
    a, b = _matrices(shape)
    if library == TORCH.name:
        import torch

        x, y = (torch.from_numpy(m).bfloat16() for m in (a, b))
        return lambda: torch.mm(x, y), (torch.mm(x, y).float().numpy(),)
    function = kernels.rungs("matmul" if name == FLOAT32 else "matmul_bf16")[-1].function
    return lambda: function(a, b), (function(a, b),)
