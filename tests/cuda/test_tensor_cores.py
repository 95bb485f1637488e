"""The tensor-core rungs of matmul: exact where the factors are exact, and rounded no more than their formats say."""

import itertools

import numpy as np
import pytest

from kernels import on_device

EACH_RUNG = pytest.mark.parametrize(
    "device, op, rung", on_device.each(lambda op, _, is_reduced: op == "matmul" and is_reduced)
)
SIZES = [(1, 1, 1), (17, 9, 40), (128, 128, 32), (130, 260, 65), (64, 132, 200), (3, 5, 0)]


def product(function, a, b, transpose_a, transpose_b):
    out = np.full(
        (len(a), a.shape[2 if transpose_a else 1], b.shape[1 if transpose_b else 2]), np.nan, "float32"
    )
    function(a, b, out, transpose_a, transpose_b)
    return out


@EACH_RUNG
def test_whole_numbers_give_whole_numbers(device, op, rung, copies):
    # Up to 8 bits: exact in tf32 and bfloat16; the sums stay below 2**24, exact in float32. So any slip of a lane shows.
    rng = np.random.default_rng(0)
    for (m, n, k), transpose_a, transpose_b in itertools.product(SIZES, (False, True), (False, True)):
        a = rng.integers(-100, 101, (1, k, m) if transpose_a else (1, m, k)).astype("float32")
        b = rng.integers(-100, 101, (1, n, k) if transpose_b else (1, k, n)).astype("float32")
        want = (a.transpose(0, 2, 1) if transpose_a else a) @ (b.transpose(0, 2, 1) if transpose_b else b)
        np.testing.assert_array_equal(
            product(on_device.rungs(device)[op, rung][2], a, b, transpose_a, transpose_b), want
        )


@EACH_RUNG
def test_batches_share_a_factor(device, op, rung):
    rng = np.random.default_rng(1)
    a = rng.integers(-9, 10, (3, 20, 33)).astype("float32")
    b = rng.integers(-9, 10, (1, 33, 140)).astype("float32")
    np.testing.assert_array_equal(product(on_device.rungs(device)[op, rung][2], a, b, False, False), a @ b)


@EACH_RUNG
def test_factors_are_rounded_to_nearest(device, op, rung):
    # x * 1 gives x itself, rounded: half a unit in the last place and no more, which cutting bits off would not keep.
    x = np.random.default_rng(2).uniform(1, 2, (1, 40, 1)).astype("float32")
    fraction_bits = 10 if "tf32" in rung else 7
    rounded = product(on_device.rungs(device)[op, rung][2], x, np.ones((1, 1, 1), "float32"), False, False)
    assert np.abs(rounded - x).max() <= 2.0 ** -(fraction_bits + 1)
    assert np.abs(rounded - x).max() > 2.0 ** -(fraction_bits + 3)  # it is rounded, in fact


@EACH_RUNG
def test_nan_and_infinity_stay(device, op, rung):
    a, b = np.ones((1, 9, 20), "float32"), np.ones((1, 20, 11), "float32")
    a[0, 8, 19], b[0, 3, 10] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(
            product(on_device.rungs(device)[op, rung][2], a, b, False, False), a @ b
        )
