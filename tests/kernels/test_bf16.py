"""The rounding of round_bf16 and matmul_bf16, on every rung, against a NumPy emulation of its own."""

from pathlib import Path

import numpy as np
import pytest

_cpu = pytest.importorskip("stepgrad._cpu", reason="the kernels were not compiled")
RUNGS = {(op, rung): function for op, rung, _, _, function in _cpu.rungs() if "_bf16" in op}


def emulated(x):
    """Round by arithmetic: a bfloat16 has 8 significant bits; np.rint rounds halfway to even."""
    with np.errstate(all="ignore"):
        fraction, exponent = np.frexp(x.astype(np.float64))
        step = np.maximum(exponent - 8, -133)  # below 2**-126 the steps do not get finer
        y = np.ldexp(np.rint(np.ldexp(x.astype(np.float64), -step)), step)
        return np.where(np.isfinite(x), y, x).astype(np.float32)


def every_kind(n):
    """Bit patterns of all kinds: halfway cases, denormals, infinities, NaN with only its lowest bits set."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, n, dtype=np.uint32)
    bits[: n // 2] = bits[: n // 2] & 0xFFFF0000 | 0x8000  # exactly between two
    chosen = (
        0x7F800000,
        0xFF800000,
        0x7F800001,
        0xFFFFFFFF,
        0x7F7FFFFF,
        0,
        0x80000000,
        1,
        0x00008000,
        0x00018000,
    )
    bits[-len(chosen) :] = chosen
    return bits.view(np.float32)


@pytest.mark.parametrize("rung", [rung for op, rung in RUNGS if op == "round_bf16"])
def test_rounding(rung):
    x = every_kind(100_003)
    y = np.empty_like(x)
    RUNGS["round_bf16", rung](x, y)
    np.testing.assert_array_equal(y, emulated(x))
    assert not (y.view(np.uint32) & 0xFFFF).any()
    assert np.isnan(y[np.isnan(x)]).all() and np.isnan(x).any()
    assert (np.signbit(y) == np.signbit(x))[~np.isnan(x)].all()


@pytest.mark.parametrize("rung", [rung for op, rung in RUNGS if op == "matmul_bf16"])
@pytest.mark.parametrize("m, n, k", [(33, 70, 45), (3, 200, 300), (130, 140, 1100), (70, 1, 90)])
def test_factors_are_rounded_and_sums_are_not(rung, m, n, k):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((1, m, k)).astype("float32")
    b = rng.standard_normal((1, k, n)).astype("float32")
    c = np.empty((1, m, n), "float32")
    RUNGS["matmul_bf16", rung](a, b, c, False, False)
    want = emulated(a).astype(float) @ emulated(b).astype(float)
    # The roundings of k float32 additions, in an order that is each rung's own (AVX512_BF16 and AMX add the products of pairs
    # in the order of their instructions); rounding of the factors would be 1e-2.
    atol = 5e-6 * k**0.5
    np.testing.assert_allclose(c, want, rtol=0, atol=atol)
    assert np.abs(c - a.astype(float) @ b.astype(float)).max() > 10 * atol


@pytest.mark.parametrize("rung", [rung for op, rung in RUNGS if op == "dense_bf16"])
@pytest.mark.parametrize("m, n, k", [(33, 70, 45), (130, 140, 1100), (70, 1, 90)])
def test_dense_rounds_factors_but_neither_bias_nor_sums(rung, m, n, k):
    rng = np.random.default_rng(0)
    x, w, b, dy = (rng.standard_normal(s).astype("float32") for s in ((m, k), (k, n), n, (m, n)))
    y, dx, dw, db = (np.empty(s, "float32") for s in ((m, n), m * k, (k, n), n))
    RUNGS["dense_bf16", rung](x, w, b, y, 1)
    RUNGS["dense_bf16_gradient", rung](x, w, y, dy, dx, dw, db, 1)
    x, w, dz = emulated(x).astype(float), emulated(w).astype(float), dy * (y > 0)
    want = np.maximum(x @ w + b, 0), emulated(dz) @ w.T, x.T @ emulated(dz), dz.sum(0)
    for got, exact in zip((y, dx.reshape(m, k), dw, db), want, strict=True):
        # As above: the roundings of float32 additions; a factor that is rounded or not is 1e-2.
        np.testing.assert_allclose(got, exact, rtol=0, atol=5e-6 * max(m, n, k) ** 0.5)


@pytest.mark.parametrize("rung", [rung for op, rung in RUNGS if op == "attention_bf16"])
def test_attention_rounds_every_factor(rung):
    rng = np.random.default_rng(0)
    q, k, v, dy = (rng.standard_normal((1, 70, 1, 16)).astype("float32") for _ in range(4))
    y, dq, dk, dv = (np.empty_like(q) for _ in range(4))
    largest, total, mask = (
        np.empty((1, 1, 70), "float32"),
        np.empty((1, 1, 70), "float32"),
        np.zeros((0,) * 4, "float32"),
    )
    RUNGS["attention_bf16", rung](q, k, v, mask, y, largest, total, 0.5, False)
    RUNGS["attention_bf16_gradient", rung](q, k, v, mask, y, largest, total, dy, dq, dk, dv, 0.5, False)

    def answers(rounded):
        Q, K, V, DY = (rounded(x[0, :, 0]).astype(float) for x in (q, k, v, dy))
        scores = 0.5 * Q @ K.T
        e = np.exp(scores - scores.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        out = rounded(e) @ V / e.sum(1, keepdims=True)
        ds = rounded(0.5 * p * (DY @ V.T - (DY * out).sum(1, keepdims=True)))
        return out, ds @ K, ds.T @ Q, rounded(p).T @ DY

    for got, want, exact in zip((y, dq, dk, dv), answers(emulated), answers(lambda x: x), strict=True):
        # A number on the border between two bfloat16 may fall to either side: few do, and all were rounded.
        assert np.abs(got[0, :, 0] - want).mean() < 0.1 * np.abs(want - exact).mean()


@pytest.mark.parametrize("rung", [rung for op, rung in RUNGS if op == "matmul_bf16"])
def test_factors_below_2_to_the_minus_126(rung):
    """The CPU's own instructions for bfloat16 read them as 0, the other rungs as what they are."""
    a = np.array([[[2.0**-130, 1.0, 2.0**-126]]], "float32")
    b = np.array([[[2.0**100], [2.0**-40], [2.0**100]]], "float32")
    c = np.empty((1, 1, 1), "float32")
    RUNGS["matmul_bf16", rung](a, b, c, False, False)
    flushed = rung in ("dot_product", "amx")
    assert c.item() == (0 if flushed else 2.0**-30) + 2.0**-40 + 2.0**-26


def test_the_instruction_for_dot_products_is_on_top_where_it_is_known_to_be_fast():
    if _cpu.features()["in_use"] != "avx512_bf16":
        pytest.skip("another instruction set is in use")
    names = [rung for op, rung in RUNGS if op == "matmul_bf16"]
    is_amd = "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    assert names.index("dot_product") - names.index("rounded") == (1 if is_amd else -1)
