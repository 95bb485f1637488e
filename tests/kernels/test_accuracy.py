"""exp, log, tanh, erf, sigmoid in float32: at most 2 units in the last place, over every exponent; sums without threads."""

import math

import numpy as np
import pytest

_cpu = pytest.importorskip("stepgrad._cpu", reason="the kernels were not compiled")

MANTISSAS = 300  # of each exponent and sign
BOUND = 2.0  # ulp
LARGEST = float(np.finfo(np.float32).max)


def _sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


EXACT = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "erf": np.vectorize(math.erf, otypes="d"),
    "sigmoid": _sigmoid,
}
RUNGS = [(op, rung, function) for op, rung, _, _, function in _cpu.rungs() if op in EXACT]
EACH_RUNG = pytest.mark.parametrize(
    "op, rung, function", RUNGS, ids=[f"{op}-{rung}" for op, rung, _ in RUNGS]
)


def every_exponent():
    """Floats with each of the 255 exponents (0: zero and denormals), both signs, random mantissas and the extreme ones."""
    mantissas = np.random.default_rng(0).integers(0, 1 << 23, (255, MANTISSAS), np.uint32)
    mantissas[:, :4] = 0, 1, (1 << 23) - 2, (1 << 23) - 1
    bits = (np.arange(255, dtype=np.uint32)[:, None] << np.uint32(23)) | mantissas
    return np.concatenate([bits, bits | np.uint32(1 << 31)]).ravel().view(np.float32)


def call(function, x):
    y = np.full_like(x, np.nan)
    function(x, y)
    return y


def ulps(got, want):
    """The distance of float32 `got` from float64 `want`, in units of the last place of `want` as a float32."""
    beyond = np.abs(want) > LARGEST
    want = np.where(beyond & np.isinf(got), np.sign(want) * LARGEST, want)  # infinity is right there
    got = np.where(beyond & np.isinf(got), want, got.astype(np.float64))
    exponent = np.frexp(np.minimum(np.abs(want), LARGEST))[1]
    unit = np.ldexp(1.0, np.maximum(exponent - 24, -149))  # 24 bits; below the normal range one unit for all
    return np.abs(got - want) / unit


@EACH_RUNG
def test_at_most_two_ulps_over_every_exponent(op, rung, function):
    x = every_exponent()
    if op == "log":
        x = x[x > 0]
    with np.errstate(over="ignore", under="ignore"):
        want = EXACT[op](x.astype(np.float64))
    error = ulps(call(function, x), want)
    worst = error.argmax()
    assert error[worst] <= BOUND, f"{op}({x[worst]!r}): {error[worst]:.3f} ulp"


@EACH_RUNG
def test_dense_sweep_where_the_function_bends(op, rung, function):
    x = np.linspace(1e-6 if op == "log" else -30, 30, 400_001, dtype=np.float32)
    error = ulps(call(function, x), EXACT[op](x.astype(np.float64)))
    worst = error.argmax()
    assert error[worst] <= BOUND, f"{op}({x[worst]!r}): {error[worst]:.3f} ulp"


@EACH_RUNG
def test_special_values(op, rung, function):
    inf, nan, tiny = np.inf, np.nan, np.float32(1e-45)
    x = np.array([nan, inf, -inf, 0.0, -0.0, tiny, -tiny], np.float32)
    want = {
        "exp": [nan, inf, 0, 1, 1, 1, 1],
        "log": [nan, inf, nan, -inf, -inf, math.log(float(tiny)), nan],
        "tanh": [nan, 1, -1, 0.0, -0.0, tiny, -tiny],
        "erf": [nan, 1, -1, 0.0, -0.0, tiny, -tiny],
        "sigmoid": [nan, 1, 0, 0.5, 0.5, 0.5, 0.5],
    }[op]
    want = np.array(want, np.float32)
    got = call(function, x)
    np.testing.assert_array_max_ulp(got[~np.isnan(want)], want[~np.isnan(want)], 1)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    zero = want == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(want[zero]))  # -0 stays -0


@pytest.mark.parametrize("op", ["sum", "mean"])
@pytest.mark.parametrize("shape", [(1, 1_000_003, 1), (1, 30_011, 33), (7, 50_021, 1)])
def test_sums_do_not_depend_on_threads_and_stay_near_float64(op, shape):
    top = next(function for name, _, _, _, function in reversed(_cpu.rungs()) if name == op)
    x = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    before, results = _cpu.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 8):
            _cpu.set_num_threads(threads)
            out = np.empty((shape[0], shape[2]), np.float32)
            top(x, out)
            results.append(out.tobytes())
    finally:
        _cpu.set_num_threads(before)
    assert len(set(results)) == 1
    # A tree over blocks: the error is that of a few dozen roundings, where a plain float sum of a million is off by 1e-3.
    np.testing.assert_allclose(out, getattr(np, op)(x.astype(np.float64), axis=1), rtol=3e-6)
