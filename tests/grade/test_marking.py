"""Marks: truth, follow-through, rounding, blanks."""

import numpy as np
import pytest

from stepgrad.errors import ArgumentError, DataError
from stepgrad.grade import PROBLEMS, Quantity, Solution, grade, problem
from stepgrad.grade.expression import ref


def texts(array, digits):
    """Round to so many decimals, as text."""
    if np.ndim(array):
        return [texts(part, digits) for part in array]
    return f"{array:.{digits}f}"


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("digits", [2, 4, 9])
def test_right_numbers_are_right_with_any_number_of_digits(name, digits):
    solution = problem(name)
    marks = grade(solution, {n: texts(solution.truth[n], digits) for n in solution})
    assert marks.exit_status == 0
    assert marks.count("right") == sum(np.size(solution.truth[n]) for n in solution)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("digits", [2, 3])
def test_working_on_with_rounded_numbers_costs_no_marks(name, digits):
    """A learner who rounds every number and computes on with the rounded ones."""
    solution = problem(name)
    values = dict(solution.given)
    for n, quantity in solution.items():
        values[n] = np.round(quantity.compute(values), digits)
    marks = grade(solution, {n: texts(values[n], digits) for n in solution})
    assert marks.count("wrong") == 0


def test_the_edge_of_the_last_digit():
    solution = Solution("edge", {"x": 0.125}, [Quantity("y", ref("x"))])
    verdicts = {
        t: grade(solution, {"y": t})["y"].verdict
        for t in ("0.12", "0.13", "0.125", "0.1", "0.14", "0.126", "1/8")
    }
    assert verdicts == {
        "0.12": "right", "0.13": "right", "0.125": "right", "0.1": "right", "0.14": "wrong", "0.126": "wrong", "1/8": "right",
    }  # fmt: skip


def test_one_early_slip_does_not_make_the_rest_wrong():
    solution = problem("mazur")
    values = solution.follow({"Z1": solution.truth["Z1"] + 0.5})
    marks = grade(solution, {n: texts(values[n], 8) for n in solution})
    assert marks.first_wrong.name == "Z1"
    assert [s.verdict for s in marks.steps][1:] == ["follows"] * (len(solution) - 1)
    assert marks.exit_status == 1


def test_a_right_number_after_a_wrong_one_is_right():
    solution = problem("mazur")
    marks = grade(solution, {"Z1": ["1.0", "1.0"], "A2": texts(solution.truth["A2"], 6)})
    assert marks["A2"].verdict == "right"


def test_the_slope_may_be_taken_from_z_or_from_a():
    solution = problem("conv-3x3-2x2")
    truth = solution.truth
    a = truth["A"] + 0.1  # a slip in A; Z is right
    for slope in (1 - a**2, 1 - np.tanh(truth["Z"]) ** 2):
        delta = (a - truth["Y"]) * slope
        marks = grade(solution, {"Z": texts(truth["Z"], 8), "A": texts(a, 8), "delta": texts(delta, 8)})
        assert marks["A"].verdict == "wrong"
        assert marks["delta"].verdict == "follows"


def test_blanks_are_skipped_in_what_follows_but_not_all_right():
    solution = problem("softmax-cross-entropy")
    numbers = {n: texts(solution.truth[n], 6) for n in solution}
    numbers["P"] = [["_", numbers["P"][0][1], ""]]
    marks = grade(solution, numbers)
    assert (marks.count("blank"), marks.count("wrong"), marks.exit_status) == (2, 0, 1)
    del numbers["P"]
    assert grade(solution, numbers).exit_status == 0  # a step that is not asked for


def test_a_given_value_copied_down_wrongly_is_the_first_wrong_step():
    solution = problem("softmax-cross-entropy")
    values = solution.follow({"b": np.array([0.1, 0.2, 0.3])})
    marks = grade(solution, {"b": ["0.1", "0.2", "0.3"], "Z": texts(values["Z"], 6)})
    assert marks.first_wrong.name == "b"
    assert marks.first_wrong.explanations[0].mistake == "sign flipped"
    assert marks["Z"].verdict == "follows"


def test_spellings_of_names():
    solution = problem("mazur")
    for name in ("W1 after", "W1_new", "new W1", "W1'", "W1\N{PRIME}", "W 1'"):
        assert solution.find(name) == "W1'"
    assert solution.find("dZ2") == solution.find("\N{GREEK SMALL LETTER DELTA}2") == "delta2"


def test_unusable_numbers():
    solution = problem("mazur")
    with pytest.raises(ArgumentError, match="did you mean 'delta2'"):
        grade(solution, {"deltaa2": ["1", "2"]})
    with pytest.raises(DataError, match="no number to grade"):
        grade(solution, {"Z1": ["_", "_"]})
    with pytest.raises(DataError, match="written twice"):
        grade(solution, {"W1'": ["_"] * 4, "W1 after": ["1"] * 4})


def test_a_solution_of_plain_functions():
    solution = Solution.of_functions(
        "net",
        {"x": [1.0, 2.0], "w": 3.0},
        {"z": lambda x, w: w * x, "dz": lambda z: 2 * z, "w'": lambda w, dz: w - dz.sum()},
    )
    marks = grade(solution, {"z": ["3.0", "7.0"], "dz": ["6.0", "14.0"], "w'": "-17.0"})
    assert [s.verdict for s in marks.steps] == ["wrong", "follows", "follows"]
    assert [q.phase for q in solution.values()] == ["forward", "backward", "update"]


def test_a_solution_out_of_order_is_refused():
    with pytest.raises(ArgumentError, match="does not come before"):
        Solution("s", {}, [Quantity("a", ref("b")), Quantity("b", ref("a"))])
