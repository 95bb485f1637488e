"""What Winograd's convolution costs in accuracy, and when it steps aside."""

import numpy as np
import pytest

_cpu = pytest.importorskip("stepgrad._cpu", reason="the kernels were not compiled")
RUNGS = {(op, rung): function for op, rung, _, _, function in _cpu.rungs()}
OPS = ["conv2d", "conv2d_input_gradient"]


def run(op, rung, a, w, shape, dtype="float32", geometry=(1, 1, 1, 1, 1, 1, 1)):
    out = np.full(shape, np.nan, dtype)
    RUNGS[op, rung](a.astype(dtype), w.astype(dtype), out, *geometry)
    return out.astype("float64")


@pytest.mark.parametrize("op", OPS)
def test_the_error_is_larger_but_small(op):
    rng = np.random.default_rng(0)
    a, w = rng.standard_normal((2, 16, 16, 256), "f"), rng.standard_normal((3, 3, 256, 256), "f")
    true = run(op, "direct", a, w, a.shape, "float64")
    scale = np.sqrt((true**2).mean())
    direct, winograd = (
        np.sqrt(((run(op, rung, a, w, a.shape) - true) ** 2).mean()) / scale
        for rung in ("direct", "winograd")
    )
    assert (
        direct < winograd < 2.5 * direct
    )  # measured: 1.6 and, in the gradient, 1.6 (csrc/conv2d/winograd.cpp)
    assert winograd < 1e-6  # about 8 roundings of float32


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    "window, geometry, out",
    [
        ((3, 3), (2, 2, 1, 1, 1, 1, 1), (4, 4)),
        ((5, 5), (1, 1, 2, 2, 1, 1, 1), (8, 8)),
        ((3, 3), (1, 1, 2, 2, 2, 2, 1), (8, 8)),
        ((3, 3), (1, 1, 1, 1, 1, 1, 2), (8, 8)),
    ],
)
def test_steps_aside_for_what_it_cannot_do(op, window, geometry, out):
    rng = np.random.default_rng(1)
    image, result = (2, 8, 8, 16), (2, *out, 10)
    given, shape = (image, result) if op == "conv2d" else (result, image)
    a, w = rng.standard_normal(given), rng.standard_normal((*window, 16 // geometry[-1], 10))
    results = [run(op, rung, a, w, shape, geometry=geometry) for rung in ("direct", "winograd")]
    np.testing.assert_array_equal(*results)  # the same bits: it is the same kernel
