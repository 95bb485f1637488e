"""The grader's own test: make every mistake at every step of the built-in problems, and see whether it is found and named.

`python -m stepgrad.grade.injection` prints how many were located and named, and what is confused with what.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator

import numpy as np

from stepgrad.grade.diagnosis import COPIED, INDEX
from stepgrad.grade.general import GENERAL
from stepgrad.grade.marking import grade
from stepgrad.grade.mistakes import SPECIFIC
from stepgrad.grade.problems import PROBLEMS, problem
from stepgrad.grade.rewriting import Situation, rewritten
from stepgrad.grade.slips import swaps
from stepgrad.grade.solution import Quantity, Solution

WAYS = 4  # of making one mistake in one step
DIGITS = 6  # significant ones, as the imagined learner writes


@dataclasses.dataclass(frozen=True)
class Injected:
    """One mistake that was made on purpose, and what the grader said."""

    problem: str
    step: str
    mistake: str
    located: bool
    names: tuple[str, ...]

    @property
    def named(self) -> bool:
        return self.mistake in self.names[:2]


def write(x: float, digits: int = DIGITS) -> str:
    """Write a number with so many significant digits.

    Examples
    --------
    >>> write(0.5), write(-1234567.0)
    ('0.500000', '-1.23457e+06')
    """
    return f"{x + 0.0:#.{digits}g}".rstrip(".")


def run(
    names: list[str] | None = None, ways: int = WAYS, digits: int = DIGITS, seed: int = 0
) -> list[Injected]:
    """Inject every mistake at every step, in at most `ways` ways each.

    Parameters
    ----------
    names : list of str, optional
        Problems; all by default.
    ways, digits, seed : int

    Returns
    -------
    list of Injected
    """
    results = []
    for name in names or list(PROBLEMS):
        solution = problem(name)
        rng = np.random.default_rng(seed)
        for quantity in solution.values():
            for mistake, values in mistaken(solution, quantity, rng, digits).items():
                changed = [v for v in values if _changes(v, solution.truth[quantity.name], digits)]
                for i in sorted(rng.permutation(len(changed))[:ways]):
                    results.append(_inject(solution, quantity, mistake, changed[i], digits))
    return results


def mistaken(
    solution: Solution, quantity: Quantity, rng: np.random.Generator, digits: int
) -> dict[str, list[np.ndarray]]:
    """Return for each mistake the numbers that it makes of a quantity."""
    seen = {*_before(solution, quantity), *solution.updated.values()} - {quantity.name}
    situation = Situation(
        solution, quantity, {name: value for name, value in solution.truth.items() if name in seen}
    )
    found = {
        name: [v for _, v, _ in rewritten(rule, situation)] for name, rule in {**SPECIFIC, **GENERAL}.items()
    }
    right = solution.truth[quantity.name]
    places = list(np.ndindex(right.shape))
    place = places[rng.integers(len(places))]
    other = places[rng.integers(len(places))]

    def put(value, at=place):
        changed = right.copy()
        changed[at] = value
        return changed

    found["sign flipped"] += [put(-right[place]), -right]
    found["off by a power of ten"] = [put(right[place] * 10.0**k) for k in (-2, -1, 1, 2)] + [
        right * 10,
        right / 10,
    ]
    found["digits swapped"] = [
        put(float(text))
        for text in swaps(write(float(right[place]), digits))
        if float(write(float(text), digits)) == float(text)
    ]
    found[COPIED] = [put(right[other])] + [
        solution.truth[n] for n in _before(solution, quantity) if np.shape(solution.truth[n]) == right.shape
    ]
    if right.ndim == 2 and right.shape[0] > 1:
        found[COPIED].append(put(right[other[0]], at=place[0]))
    if len(places) > 1:
        swapped = put(right[other])
        swapped[other] = right[place]
        found[INDEX] += [swapped, *(np.flip(right, axis) for axis in range(right.ndim))]
    return found


def _before(solution: Solution, quantity: Quantity) -> Iterator[str]:
    for name in (*solution.given, *solution):
        if name == quantity.name:
            return
        yield name


def _changes(value: np.ndarray, right: np.ndarray, digits: int) -> bool:
    """Tell whether a mistake changes what is written, at a number that can be written."""
    return bool(np.isfinite(value).all()) and any(
        write(a, digits) != write(b, digits) for a, b in zip(value.flat, right.flat)
    )


def _inject(solution: Solution, quantity: Quantity, mistake: str, value: np.ndarray, digits: int) -> Injected:
    before = {name: solution.truth[name] for name in _before(solution, quantity)}
    with np.errstate(all="ignore"):
        work = solution.follow({**before, quantity.name: value})
    finite = {name: work[name] for name in solution if np.isfinite(work[name]).all()}
    marks = grade(
        solution, {name: [write(float(x), digits) for x in array.flat] for name, array in finite.items()}
    )
    first = marks.first_wrong
    located = first is not None and first.name == quantity.name
    names = tuple(e.mistake for e in first.explanations) if first is not None and located else ()
    return Injected(solution.title, quantity.name, mistake, located, names)


def summary(results: list[Injected]) -> str:
    """Return the figures of every problem and mistake, and the table of what is confused with what."""
    lines = []
    for label, key in (("problem", lambda r: r.problem), ("mistake", lambda r: r.mistake)):
        lines.append(f"{label:<42}{'injected':>9}{'located':>9}{'named':>9}")
        for group in dict.fromkeys(map(key, results)):
            lines.append(_line(group, [r for r in results if key(r) == group]))
        lines.append("")
    lines.append(_line("all", results))
    lines += ["", "made -> named first instead (times)"]
    confused = collections.Counter(
        (r.mistake, r.names[0] if r.names else "nothing") for r in results if not r.named
    )
    lines += [f"{made} -> {said} ({n})" for (made, said), n in confused.most_common()]
    return "\n".join(lines)


def _line(label: str, results: list[Injected]) -> str:
    n = len(results)
    located, named = sum(r.located for r in results) / n, sum(r.named for r in results) / n
    return f"{label:<42}{n:>9}{located:>9.1%}{named:>9.1%}"


if __name__ == "__main__":
    print(summary(run()))
