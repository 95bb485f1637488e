"""Every published number is reproduced to its printed precision, or listed as an erratum with the right value."""

import numpy as np
import pytest

from stepgrad.walk import examples
from stepgrad.walk.examples import three_layers
from stepgrad.walk.examples.example import rounds_to


@pytest.mark.parametrize("name", examples.names)
def test_every_printed_number_is_right_or_listed(name):
    example = examples.get(name)
    rows = example.check(everything=True)
    wrong = [
        f"{r.printed.name}: printed {r.printed.digits}, the tape has {r.right!r}"
        for r in rows
        if not r.settled
    ]
    assert not wrong
    for row in rows:
        if row.printed.known is not None:
            assert row.right == pytest.approx(
                row.printed.known, rel=1e-10
            )  # as many digits as are written down


@pytest.mark.parametrize("name", [n for n in examples.names if n != "3-3-3-3"])
def test_the_printed_errata_follow_from_the_mistake_that_is_named(name):
    for p in examples.get(name).printed:
        if p.follows is not None and "1 slipped in" not in p.erratum:
            assert rounds_to(p.follows, p.digits), p.name


def test_an_erratum_cannot_hide_a_right_number():
    row = examples.Row(examples.Printed("a", "0.5", "a", (), "wrong"), 0.5)
    assert not row.settled


def test_the_63_numbers():
    example = examples.get("3-3-3-3")
    assert len(example.printed) == 63
    right = {r.printed.name: r.right for r in example.check()}
    expected = {
        "Z2": [0.12, 0.25, 0.6],
        "delta1": [0.00112, -0.07425, 0.1],
        "W3'": [0.0998656, 0.3020625, 0.4976],
        "b1'": [0.0999888, 0.1007425, 0.099],
    }
    for name, row in expected.items():
        np.testing.assert_allclose([right[f"{name}[{i}]"] for i in range(3)], row, rtol=1e-12)


@pytest.mark.parametrize("place", three_layers.SLIPS)
def test_a_slip_reproduces_the_printed_number(place):
    name, i = place
    article = {
        **three_layers.GIVEN,
        **{n: [float(w) for w in row.split()] for n, row in three_layers.DIGITS.items()},
    }
    assert rounds_to(three_layers.SLIPS[place][1](article), three_layers.DIGITS[name].split()[i])


def test_where_mazurs_last_digits_come_from():
    from stepgrad.walk.examples import mazur
    from stepgrad.walk.examples.example import in_float64

    with in_float64():
        after_1, after_all, first, second = mazur.train(10_000, fresh=True)
    assert f"{after_1:.9f}" == "0.291027924" and f"{after_all:.9f}" == "0.000035085"
    assert f"{first:.9f}" == "0.015912196" and f"{second:.9f}" == "0.984065734"


def test_an_unknown_example():
    with pytest.raises(examples.ArgumentError, match="did you mean 'mazur'"):
        examples.get("mazurr")
