"""sgemm: our top rung against the libraries under NumPy and PyTorch, called without Python layers in between."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.bench.libraries import MKL, OPENBLAS
from stepgrad.bench.threads import openblas
from stepgrad.errors import MissingExtraError

TOLERANCE = 2e-4

# C [M, N] of "NN 32x1000x500" is 32 x 1000, summed over K = 500. TN: A is stored as [K, M], the gradient of weights;
# NT: B is stored as [N, K], the gradient of inputs.
PUBLISHED = (
    "NN 64x64x64", "NN 256x256x256", "NN 1024x1024x1024",
    "NN 32x1000x1000", "NT 32x1000x1000", "TN 1000x1000x32", "NN 32x500x1000", "NT 32x1000x500", "TN 1000x500x32",
    "NN 64x512x128", "NT 64x128x512", "TN 128x512x64", "NN 6272x64x288", "NT 6272x288x64", "TN 288x64x6272",
    "NN 1024x128x512", "TN 128x512x1024", "NN 32x10x500",
)  # fmt: skip


def draw(count: int, seed: int) -> list[str]:
    """Draw shapes that nobody has tuned on: sizes from 8 to 2048, at most 2 GFLOP each."""
    rng = np.random.default_rng(seed)
    shapes: list[str] = []
    while len(shapes) < count:
        m, n, k = (int(size) for size in np.exp2(rng.uniform(3, 11, 3)))
        if 2 * m * n * k <= 2e9:
            shapes.append(f"{rng.choice(['NN', 'NT', 'TN'])} {m}x{n}x{k}")
    return shapes


def parse(shape: str) -> tuple[bool, bool, int, int, int]:
    """Return (transpose_a, transpose_b, M, N, K).

    Examples
    --------
    >>> parse("NT 32x1000x500")
    (False, True, 32, 1000, 500)
    """
    kind, sizes = shape.split()
    m, n, k = map(int, sizes.split("x"))
    return kind[0] == "T", kind[1] == "T", m, n, k


def flops(shape: str) -> float:
    """Return the multiplications and additions of one product."""
    _, _, m, n, k = parse(shape)
    return 2.0 * m * n * k


def intensity(shape: str) -> float:
    """Return the FLOPs for each byte of the three matrices in float32."""
    _, _, m, n, k = parse(shape)
    return flops(shape) / (4.0 * (m * k + k * n + m * n))


def matrices(shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Return A and B as they are stored."""
    ta, tb, m, n, k = parse(shape)
    rng = np.random.default_rng(m + n + k)
    a, b = ((k, m) if ta else (m, k)), ((n, k) if tb else (k, n))
    return rng.standard_normal(a, np.float32), rng.standard_normal(b, np.float32)


def expected(shape: str) -> tuple[np.ndarray, ...]:
    """Return C in float64."""
    ta, tb, *_ = parse(shape)
    a, b = (x.astype(np.float64) for x in matrices(shape))
    return ((a.T if ta else a) @ (b.T if tb else b),)


def load(library: str, shape: str) -> tuple[Callable[[], Any], tuple[np.ndarray, ...]]:
    """Return (a call without arguments, what it computed)."""
    ta, tb, m, n, k = parse(shape)
    a, b = matrices(shape)
    out = np.full((m, n), np.nan, np.float32)
    make = {OPENBLAS.name: _openblas, MKL.name: _mkl}.get(library, _stepgrad)
    run = make(ta, tb, m, n, k, a, b, out)
    run()
    return run, (out.copy(),)


def _stepgrad(ta, tb, m, n, k, a, b, out):
    try:
        from stepgrad import _cpu
    except ImportError:
        return lambda: np.matmul(a.T if ta else a, b.T if tb else b, out=out)
    native = [function for op, *_, function in _cpu.rungs() if op == "matmul"][-1]
    a, b, c = a[None], b[None], out[None]
    return lambda: native(a, b, c, ta, tb)


def _openblas(ta, tb, m, n, k, a, b, out):
    library = openblas()
    if library is None:
        raise MissingExtraError("this NumPy does not carry its own OpenBLAS")
    integer, number, pointer = ctypes.c_int64, ctypes.c_float, ctypes.c_void_p
    sgemm = library.scipy_cblas_sgemm64_
    sgemm.restype = None
    row_major, plain, transposed = 101, 111, 112  # as in cblas.h
    arguments = (
        ctypes.c_int(row_major), ctypes.c_int(transposed if ta else plain), ctypes.c_int(transposed if tb else plain),
        integer(m), integer(n), integer(k), number(1), pointer(a.ctypes.data), integer(a.shape[1]),
        pointer(b.ctypes.data), integer(b.shape[1]), number(0), pointer(out.ctypes.data), integer(n),
    )  # fmt: skip
    keep = a, b, out  # the pointers do not keep them alive
    return lambda: (sgemm(*arguments), keep)


def _mkl(ta, tb, m, n, k, a, b, out):
    """The Fortran routine that PyTorch's library carries: it is column-major, so C^T = B^T A^T is asked for."""
    from pathlib import Path

    import torch

    if not torch.backends.mkl.is_available():
        raise MissingExtraError("this PyTorch was built without MKL")
    sgemm = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so")).sgemm_
    sgemm.restype = None
    ints = [ctypes.c_int(i) for i in (n, m, k, b.shape[1], a.shape[1], n)]
    one, zero = ctypes.c_float(1), ctypes.c_float(0)
    n_, m_, k_, ldb, lda, ldc = (ctypes.byref(i) for i in ints)
    letters = b"T" if tb else b"N", b"T" if ta else b"N"
    arguments = (
        *letters, n_, m_, k_, ctypes.byref(one), ctypes.c_void_p(b.ctypes.data), ldb, ctypes.c_void_p(a.ctypes.data), lda,
        ctypes.byref(zero), ctypes.c_void_p(out.ctypes.data), ldc,
    )  # fmt: skip
    keep = a, b, out
    return lambda: (sgemm(*arguments), keep)
