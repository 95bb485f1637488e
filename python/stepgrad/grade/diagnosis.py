"""Which mistakes reproduce a wrong number? Every mistake of the library is tried with the learner's own numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np

from stepgrad.grade import copying
from stepgrad.grade.expression import Expression, call
from stepgrad.grade.general import GENERAL
from stepgrad.grade.mistakes import SPECIFIC
from stepgrad.grade.rewriting import Situation, rewritten
from stepgrad.grade.slips import ROUNDING, SLIPS
from stepgrad.grade.solution import Quantity, Solution
from stepgrad.grade.written import Answer

COPIED = "value copied from elsewhere"
INDEX = "wrong row or index"
# These have so many variants that one of them may fit a single number by chance, unless the number has digits enough.
_FREQUENT = ("mean instead of sum", "wrong operand", "rounded too early", COPIED, INDEX)
_CHANCE = 0.01
OTHER_STEP = 100  # added to the rank of what would have gone wrong in a step that was not written down


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """A mistake that reproduces what was written.

    Attributes
    ----------
    mistake, text : str
        Its name in the library, and a sentence.
    entries : ndarray of bool
        The wrong entries that it reproduces.
    contradicts : int
        How many of the other entries would have come out otherwise.
    rank : int
        Small is specific.
    step : str
        Where it was made.
    also : tuple of str
        Other ways of making the same mistake that give the same number.
    """

    mistake: str
    text: str
    entries: np.ndarray
    contradicts: int
    rank: int
    step: str
    also: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A quantity with wrong entries.

    Attributes
    ----------
    solution, quantity : Solution, Quantity
    answer : Answer
    values, slack : dict of str to ndarray
        The numbers that the learner had, and how far each may be from what was in mind.
    expected, radius : ndarray
        What follows from them, and how far the rounding may move it.
    wrong : ndarray of bool
    unwritten : tuple of str
        Steps that were not written down, in order.
    """

    solution: Solution
    quantity: Quantity
    answer: Answer
    values: Mapping[str, np.ndarray]
    slack: Mapping[str, np.ndarray]
    expected: np.ndarray
    radius: np.ndarray
    wrong: np.ndarray
    unwritten: tuple[str, ...]


def diagnose(case: Case) -> list[Explanation]:
    """Return the mistakes that explain the wrong entries, the best first; each once. Where some explain all, only those."""
    found: dict[str, Explanation] = {}

    def keep(candidates: Iterator[Explanation]) -> None:
        for new in candidates:
            old = found.get(new.mistake)
            if old is None or _order(new) < _order(old):
                found[new.mistake] = new
            elif (
                _order(new) == _order(old)
                and (new.entries == old.entries).all()
                and new.text not in (old.text, *old.also)
            ):
                found[new.mistake] = dataclasses.replace(old, also=(*old.also, new.text))

    keep(_direct(case))
    if not _complete(case, found):
        if case.quantity.phase == "update":
            keep(_pairs(case))
        keep(_upstream(case))
    return sorted(_complete(case, found) or found.values(), key=_order)


def _complete(case: Case, found: dict[str, Explanation]) -> list[Explanation]:
    """Return the explanations that leave nothing open."""
    return [e for e in found.values() if e.entries.sum() == case.wrong.sum() and not e.contradicts]


def _order(e: Explanation) -> tuple:
    return -int(e.entries.sum()), e.contradicts, e.rank


def _direct(case: Case) -> Iterator[Explanation]:
    situation = Situation(case.solution, case.quantity, case.values)
    rank = 0
    for name, rule in SPECIFIC.items():
        rank += 1
        for formula, value, text in rewritten(rule, situation):
            yield from _formula(case, name, rank, formula, value, text)
    for name, slip in SLIPS.items():
        rank += 1
        for value, text in slip(case.expected, case.answer, case.wrong, case.radius):
            yield from _slip(case, name, rank, value, text)
    for value, text in copying.copied(
        case.quantity.name, {n: case.values[n] for n in case.slack}, case.answer, case.wrong
    ):
        yield from _slip(case, COPIED, rank + 1, value, text, copied=True)
    for value, text in copying.misplaced(case.expected, case.wrong):
        yield from _slip(case, INDEX, rank + 2, value, text)
    for name, rule in GENERAL.items():
        rank += 2
        for formula, value, text in rewritten(rule, situation):
            yield from _formula(case, name, rank, formula, value, text)
    for name, slip in ROUNDING.items():
        for value, text in slip(case.expected, case.answer, case.wrong, case.radius):
            yield from _slip(case, name, rank, value, text)


def _pairs(case: Case) -> Iterator[Explanation]:
    """Two mistakes in one update: the rate forgotten and the step added, for example."""
    situation = Situation(case.solution, case.quantity, case.values)
    for i, (first, rule) in enumerate(SPECIFIC.items()):
        for formula, _, text in rewritten(rule, situation):
            then = Quantity(case.quantity.name, formula, case.quantity.phase)
            for second, other in list(SPECIFIC.items())[i + 1 :]:
                for both, value, more in rewritten(other, Situation(case.solution, then, case.values)):
                    yield from _formula(case, f"{first} + {second}", 50, both, value, f"{text}, and {more}")


def _upstream(case: Case) -> Iterator[Explanation]:
    """A mistake in a step before, which was not written down."""
    names = list(case.solution)
    for name in case.unwritten:
        quantity = case.solution[name]
        between = [
            n for n in names[names.index(name) + 1 : names.index(case.quantity.name)] if n in case.unwritten
        ]
        rank = OTHER_STEP
        for mistake, rule in {**SPECIFIC, **GENERAL}.items():
            rank += 1
            for _, value, text in rewritten(rule, Situation(case.solution, quantity, case.values)):
                values = {**case.values, name: value}
                with np.errstate(all="ignore"):
                    for n in between:
                        values[n] = case.solution[n].compute(values)
                    result = case.quantity.compute(values)
                sentence = f"in {name}, which is not written down: {text}"
                yield from _explain(case, mistake, rank, result, case.radius, sentence, whole=True, step=name)


def _formula(
    case: Case, name: str, rank: int, formula: Expression, value: np.ndarray, text: str
) -> Iterator[Explanation]:
    loose = case.answer.half + 100 * case.radius + 1e-9 * np.abs(value)
    if not (case.wrong & (np.abs(case.answer.value - value) <= loose)).any():
        return  # far off: spare the work of following the rounding
    rounding = radius(formula, case.values, case.slack)
    if name in ROUNDING:  # a rounded number jumps; it is no less exact for that
        rounding = np.minimum(rounding, case.radius)
    yield from _explain(case, name, rank, value, rounding, text, whole=True)


def _slip(
    case: Case, name: str, rank: int, value: np.ndarray, text: str, copied: bool = False
) -> Iterator[Explanation]:
    with np.errstate(all="ignore"):
        ratio = np.abs(np.where(case.expected == 0, 1, value / case.expected))
    rounding = np.zeros_like(case.radius) if copied else case.radius * np.where(np.isfinite(ratio), ratio, 1)
    yield from _explain(case, name, rank, value, rounding, text, whole=False)


def _explain(case, name, rank, value, rounding, text, whole, step=None) -> Iterator[Explanation]:
    answer = case.answer
    match = close(answer.value, value, answer.half + rounding)
    entries = match & case.wrong
    if name in _FREQUENT and entries.sum() < case.wrong.sum():
        entries = entries & (answer.half + rounding <= _CHANCE * np.abs(answer.value - case.expected))
    if entries.any():
        others = ~match & ~case.wrong & ~answer.blank
        yield Explanation(
            name, text, entries, int(others.sum()) if whole else 0, rank, step or case.quantity.name
        )


def close(a: np.ndarray, b: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Tell where two arrays agree; NaN agrees with nothing. The last bits of a float64 do not count."""
    with np.errstate(all="ignore"):
        return np.abs(a - b) <= tolerance + 1e-9 * np.maximum(np.abs(a), np.abs(b))


def radius(
    formula: Expression, values: Mapping[str, np.ndarray], slack: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return how far the result may move when every number is off by its slack: entry by entry, the larger way, added up."""
    with np.errstate(all="ignore"):
        formula = _on_their_side(formula, values)
        centre = np.asarray(formula.value(values), dtype=float)
        moved = np.zeros_like(centre)
        for name in formula.names():
            for index in map(tuple, np.argwhere(slack.get(name, 0.0))):
                ways = []
                for direction in (1, -1):
                    array = values[name].copy()
                    array[index] += direction * slack[name][index]
                    ways.append(np.abs(formula.value({**values, name: array}) - centre))
                moved += np.maximum(*ways)
    return np.where(np.isfinite(moved), moved, 0.0)


def _on_their_side(formula: Expression, values: Mapping[str, np.ndarray]) -> Expression:
    """Return the formula with the slopes of relu fixed: a unit that is written as 0.00 is dead, not almost alive."""
    if formula.kind in ("slope_at_a", "slope_at_z") and formula.data == "relu":
        side = formula.value(values)
        return call(str(formula), lambda: side)
    return dataclasses.replace(formula, parts=tuple(_on_their_side(part, values) for part in formula.parts))
