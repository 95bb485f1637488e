"""What is wrong is found: wrong numbers, NaN, wrong shapes."""

import numpy as np
import pytest

from stepgrad.bench.verify import TOLERANCE, verify

WANT = [np.linspace(-1.0, 1.0, 100)]


def changed(change):
    got = WANT[0].astype(np.float32)
    change(got)
    return verify([got], WANT)


def test_float32_of_the_right_numbers_passes():
    verdict = changed(lambda got: None)
    assert verdict.problem == "" and 0 < verdict.error < 1e-6  # rounding to float32


@pytest.mark.parametrize("value", [0.5, np.inf, -np.inf])
def test_one_wrong_entry_is_found(value):
    assert "allowed" in changed(lambda got: got.__setitem__(7, value)).problem


def test_one_nan_is_found():
    assert (
        changed(lambda got: got.__setitem__(7, np.nan)).problem
        == "NaN in 1 of 100 entries where float64 has numbers"
    )


def test_nan_and_infinity_are_right_where_float64_has_them():
    want = np.array([1.0, np.nan, np.inf, -np.inf])
    assert verify([want.astype(np.float32)], [want]).problem == ""
    assert verify([np.float32([1, np.nan, -np.inf, -np.inf])], [want]).problem
    assert verify([np.float32([1, 0, np.inf, -np.inf])], [want]).problem


def test_shapes_numbers_of_results_and_integers_count():
    assert "shape (1, 100)" in verify([WANT[0][None]], WANT).problem
    assert verify([], WANT).problem == "0 results, 1 expected"
    assert verify([np.array([1, 2])], [np.array([1, 3])]).problem == "1 of 2 integers differ"


def test_errors_are_relative_to_the_size_of_the_numbers():
    tiny = [w * 1e-20 for w in WANT]
    assert verify([tiny[0] * (1 + TOLERANCE / 2)], tiny).problem == ""
    assert verify([tiny[0] * (1 + TOLERANCE * 2)], tiny).problem
    assert verify([np.zeros(3)], [np.zeros(3)]).problem == ""
