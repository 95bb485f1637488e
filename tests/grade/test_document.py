"""The source document's own example, graded: what is wrong first, and what follows from its own numbers."""

from pathlib import Path

import numpy as np
import pytest

from stepgrad.grade import grade
from stepgrad.grade.worksheet import find_solution, read


@pytest.fixture(scope="module")
def marks():
    sheet = read(Path(__file__).with_name("document.yaml"))
    return grade(find_solution(sheet.problem), sheet.numbers)


def test_all_63_numbers_are_marked(marks):
    assert sum(step.status.size for step in marks.steps) == 63
    assert marks.count("right") == 2  # Z1 and A1 of the third unit
    assert marks.exit_status == 1


def test_the_right_figures_are_those_of_the_correction(marks):
    right = {
        "Z1": [0.2, 0.5, 1], "Z2": [0.12, 0.25, 0.6], "Z3": [0.112, 0.175, 0.4], "delta3": [0.112, -0.825, 0.4],
        "delta2": [0.0112, -0.2475, 0.2], "delta1": [0.00112, -0.07425, 0.1], "dW3": [0.01344, -0.20625, 0.24],
        "dW2": [0.00224, -0.12375, 0.2], "dW1": [0.00112, -0.1485, 0.3], "W3'": [0.0998656, 0.3020625, 0.4976],
        "b3'": [0.09888, 0.10825, 0.096], "W2'": [0.0999776, 0.3012375, 0.498], "b2'": [0.099888, 0.102475, 0.098],
        "W1'": [0.0999888, 0.201485, 0.297], "b1'": [0.0999888, 0.1007425, 0.099],
    }  # fmt: skip
    for name, values in right.items():
        np.testing.assert_allclose(marks[name].truth, values, rtol=1e-12)


def test_the_first_error_is_z1_where_3_was_used_for_every_input(marks):
    first = marks.first_wrong
    assert first.name == "Z1"
    best = first.explanations[0]
    assert best.mistake == "wrong row or index"
    assert any("entry 2 of X was used for every entry" in text for text in (best.text, *best.also))


def test_the_sign_of_delta3_is_flipped_in_its_first_entry(marks):
    step = marks["delta3"]
    assert step.status.tolist() == ["wrong", "follows", "follows"]
    assert [e.mistake for e in step.explanations] == ["sign flipped"]


def test_delta2_follows_up_to_rounding(marks):
    assert marks["delta2"].status.tolist() == ["follows"] * 3
    assert marks["delta2"].expected[0] == pytest.approx(-0.0009)


def test_dw3_is_off_by_ten_in_its_first_entry(marks):
    step = marks["dW3"]
    assert step.expected[0] == pytest.approx(-0.00117)
    ten = next(e for e in step.explanations if e.mistake == "off by a power of ten")
    assert ten.entries.tolist() == [True, False, False]
    assert "10 times too small" in ten.text


def test_b2_and_b1_repeat_b3(marks):
    for name in ("b2'", "b1'"):
        best = marks[name].explanations[0]
        assert best.mistake == "value copied from elsewhere" and "b3'" in best.text
        assert best.entries.all()


def test_w3_moves_the_wrong_way_and_too_far(marks):
    best = marks["W3'"].explanations[0]
    assert best.mistake == "learning rate forgotten + update added instead of subtracted"
    assert best.entries.tolist() == [True, False, False]
    assert marks["W3'"].unexplained.tolist() == [False, True, True]


def test_copied_activations_and_biases_follow(marks):
    for name in ("A1", "A2", "A3", "db3", "db2", "db1"):
        assert "wrong" not in marks[name].status


def test_where_nothing_explains_it_that_is_said(marks):
    assert marks["Z3"].explanations == []
    assert marks["Z3"].unexplained.all()
