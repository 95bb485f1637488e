"""Marking: each number is judged against the truth and against what follows from the learner's own numbers before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from stepgrad.errors import DataError
from stepgrad.grade.diagnosis import Case, Explanation, close, diagnose, radius
from stepgrad.grade.expression import call
from stepgrad.grade.solution import Quantity, Solution
from stepgrad.grade.written import Answer, answer

RIGHT, FOLLOWS, WRONG, BLANK = "right", "follows", "wrong", "blank"


@dataclasses.dataclass(frozen=True, eq=False)
class StepMark:
    """The marks for one quantity.

    Attributes
    ----------
    name, formula, phase : str
    answer : Answer
    truth, expected : ndarray
        The right numbers, and those that follow from the learner's own numbers before.
    status : ndarray of str
        An entry is "right" (up to its own last digit), "follows" (wrong, but only because of what came before), "wrong", or "blank".
    explanations : list of Explanation
        What may have gone wrong here, the most specific first.
    """

    name: str
    formula: str
    phase: str
    answer: Answer
    truth: np.ndarray
    expected: np.ndarray
    status: np.ndarray
    explanations: list[Explanation]

    @property
    def verdict(self) -> str:
        """The worst of the entries."""
        return next(word for word in (WRONG, FOLLOWS, BLANK, RIGHT) if (self.status == word).any())

    @property
    def unexplained(self) -> np.ndarray:
        """The wrong entries that no mistake of the library reproduces."""
        wrong = self.status == WRONG
        for explanation in self.explanations:
            wrong = wrong & ~explanation.entries
        return wrong


@dataclasses.dataclass(frozen=True, eq=False)
class Grade:
    """A graded worksheet.

    Attributes
    ----------
    solution : Solution
    steps : list of StepMark
        Those that were written down, in the order of the work.
    """

    solution: Solution
    steps: list[StepMark]

    def __getitem__(self, name: str) -> StepMark:
        wanted = self.solution.find(name)
        for step in self.steps:
            if step.name == wanted:
                return step
        raise KeyError(name)

    @property
    def first_wrong(self) -> StepMark | None:
        """The first step with a number that neither is right nor follows from the ones before."""
        return next((step for step in self.steps if step.verdict == WRONG), None)

    def count(self, status: str) -> int:
        """How many numbers have a status: "right", "follows", "wrong" or "blank"."""
        return int(sum((step.status == status).sum() for step in self.steps))

    @property
    def exit_status(self) -> int:
        """0 when every number is right, 1 when one is not or was left blank."""
        return int(any(step.verdict != RIGHT for step in self.steps))

    def __repr__(self) -> str:
        first = self.first_wrong
        words = ", ".join(f"{self.count(s)} {s}" for s in (RIGHT, FOLLOWS, WRONG, BLANK))
        return (
            f"<Grade of {self.solution.title}: {words}; first wrong step: {first.name if first else 'none'}>"
        )


def grade(solution: Solution, numbers: Mapping[str, Any]) -> Grade:
    """Mark a hand-worked solution.

    Parameters
    ----------
    solution : Solution
    numbers : dict
        Name to what was written: a string ("0.13" means 0.125 to 0.135, "1/3" is exact), or lists of them. Blanks ("", "_", None) and
        missing names are allowed.

    Returns
    -------
    Grade

    Raises
    ------
    ArgumentError, DataError
        For unknown names, wrong numbers of entries, and what is not a number.

    Examples
    --------
    >>> from stepgrad.grade.problems import problem
    >>> marks = grade(problem("mazur"), {"Z1": ["0.0275", "0.0425"], "A1": ["0.507", "0.511"]})
    >>> marks
    <Grade of mazur: 0 right, 2 follows, 2 wrong, 0 blank; first wrong step: Z1>
    >>> print(marks.first_wrong.explanations[0].text)
    the bias b1 was forgotten
    """
    answers: dict[str, Answer] = {}
    for name, written in numbers.items():
        found = solution.find(name)
        if found in answers:
            raise DataError(f"{found} is written twice", fix="keep one of the two")
        answers[found] = answer(found, written, np.shape(solution.truth[found]))
    if all(a.blank.all() for a in answers.values()):
        raise DataError(
            "there is no number to grade", fix="fill in some of: " + ", ".join(list(solution)[:12])
        )
    return Grade(solution, _Marker(solution, answers).mark())


class _Marker:
    """Goes through the work in order, with the learner's numbers as far as there are any."""

    def __init__(self, solution: Solution, answers: dict[str, Answer]):
        self.solution, self.answers = solution, answers
        self.values: dict[str, np.ndarray] = {}
        self.slack: dict[str, np.ndarray] = {}

    def mark(self) -> list[StepMark]:
        steps = []
        for name, value in self.solution.given.items():
            copied_down = Quantity(name, call(f"{name} as given", lambda value=value: value), "given")
            steps.append(self._step(copied_down))
        for quantity in self.solution.quantities.values():
            steps.append(self._step(quantity))
        return [step for step in steps if step is not None]

    def _step(self, quantity: Quantity) -> StepMark | None:
        name, truth = quantity.name, self.solution.truth[quantity.name]
        results = []
        for reading in quantity.expression.readings():
            with np.errstate(all="ignore"):
                value = np.asarray(reading.value(self.values), dtype=float)
            results.append((value, radius(reading, self.values, self.slack)))
        expected, moved = results[0]
        given = self.answers.get(name)
        if given is None:
            self.values[name], self.slack[name] = expected, moved
            return None
        is_right = close(given.value, truth, given.half)
        follows = np.logical_or.reduce([close(given.value, v, given.half + r) for v, r in results])
        status = np.where(given.blank, BLANK, np.where(is_right, RIGHT, np.where(follows, FOLLOWS, WRONG)))
        explanations = self._explain(quantity, given, expected, moved, status == WRONG)
        self.values[name] = np.where(given.blank, expected, given.value)
        self.slack[name] = np.where(given.blank, moved, given.slack)
        return StepMark(name, quantity.formula, quantity.phase, given, truth, expected, status, explanations)

    def _explain(self, quantity: Quantity, given: Answer, expected, moved, wrong) -> list[Explanation]:
        if not wrong.any():
            return []
        values = dict(self.values)
        for new in self.solution.updated.values():  # for those who put new weights into the backward pass
            if new not in values:
                values[new] = self._new_weights(new, quantity.name, given)
        unwritten = tuple(
            n
            for n in self.solution
            if n in self.values and (n not in self.answers or self.answers[n].blank.all())
        )
        case = Case(self.solution, quantity, given, values, self.slack, expected, moved, wrong, unwritten)
        return diagnose(case)

    def _new_weights(self, new: str, at: str, given: Answer) -> np.ndarray:
        """Return updated weights as the learner has them, or as they follow from the learner's numbers."""
        written = self.answers.get(new)
        if written is not None and not written.blank.any():
            return written.value
        own = {
            n: a.value
            for n, a in self.answers.items()
            if not a.blank.any() and n not in self.values and n != at
        }
        with np.errstate(all="ignore"):
            return self.solution.follow({**self.values, **own}, until=new)[new]
