"""Numbers as learners write them."""

import numpy as np
import pytest

from stepgrad.errors import DataError
from stepgrad.grade.written import answer, parse


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("0.13", 0.13, 0.005),
        (".130", 0.13, 0.0005),
        ("-.0009", -0.0009, 0.00005),
        ("\N{MINUS SIGN}2.5", -2.5, 0.05),
        ("1.20e-3", 1.2e-3, 0.5e-5),
        ("1.2*10^-3", 1.2e-3, 0.5e-4),
        ("3E2", 300, 50),
        ("12", 12, 0.5),
        ("7.", 7, 0.5),
        ("0", 0, 0),
        ("0.0", 0, 0.05),
        ("0.00e9", 0, 0.005),
        ("0.", 0, 0),
        ("-2/3", -2 / 3, 0),
        (" 1 / 4 ", 0.25, 0),
    ],
)
def test_the_digits_decide_the_tolerance(text, value, half):
    assert parse(text) == pytest.approx((value, half), rel=1e-15)


@pytest.mark.parametrize("text", ["abc", "1.2.3", "1/0", "1e", "nan", "inf", "0x10", "--1", "1/2/3"])
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(DataError, match="is not a number"):
        parse(text)


def test_infinity_is_no_answer():
    with pytest.raises(DataError, match="too large"):
        parse("1e999")


def test_a_decimal_comma_is_explained():
    with pytest.raises(DataError, match=r"0\.13"):
        parse("0,13")


def test_blanks_and_flat_lists():
    got = answer("W", ["1.0", "?", "", "0.25"], (2, 2))
    assert np.array_equal(got.blank, [[False, True], [True, False]])
    assert got.value[1, 1] == 0.25
    assert answer("W", None, (2, 2)).blank.all()


def test_wrong_counts_and_transposes_are_explained():
    with pytest.raises(DataError, match="expected: 3 numbers"):
        answer("b", ["1", "2"], (3,))
    with pytest.raises(DataError, match="transposed"):
        answer("dW", [["1", "2"], ["3", "4"], ["5", "6"]], (2, 3))
    with pytest.raises(DataError, match=r"dW\[0, 1\]: 'x' is not a number"):
        answer("dW", [["1", "x"]], (1, 2))


def test_whole_numbers_are_exact_for_what_follows():
    assert answer("Z", ["12", "1.5", "1e2"], (3,)).slack.tolist() == [0, 0.05, 0]
