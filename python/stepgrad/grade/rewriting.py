"""How a mistake is made: a rule rewrites one node of the right formula into what learners put there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from stepgrad.grade.expression import Expression
from stepgrad.grade.solution import Quantity, Solution


@dataclasses.dataclass(frozen=True)
class Situation:
    """Where a mistake may have been made: the quantity, and the numbers that the learner had."""

    solution: Solution
    quantity: Quantity
    values: Mapping[str, np.ndarray]

    def shape(self, node: Expression) -> tuple[int, ...]:
        return np.shape(node.value(self.values))


Change = tuple[Expression, str]
Rule = Callable[[Expression, Situation], Iterator[Change]]


def rewritten(rule: Rule, s: Situation) -> Iterator[tuple[Expression, np.ndarray, str]]:
    """Yield every way in which a mistake can be made in a quantity: the wrong formula, its value and a sentence.

    Examples
    --------
    >>> from stepgrad.grade.mistakes import bias_forgotten
    >>> from stepgrad.grade.problems import problem
    >>> p = problem("mazur")
    >>> for formula, value, text in rewritten(bias_forgotten, Situation(p, p["Z1"], p.truth)):
    ...     print(formula, value, text)
    X @ W1 [[0.0275 0.0425]] the bias b1 was forgotten
    """
    shape = np.shape(s.solution.truth[s.quantity.name])
    for node, put in s.quantity.expression.places():
        try:
            changes = list(rule(node, s))
        except (ValueError, IndexError):
            continue  # shapes that do not fit: nobody can have computed this
        for new, text in changes:
            formula = put(new)
            with np.errstate(all="ignore"):
                try:
                    value = np.asarray(formula.value(s.values), dtype=float)
                except (ValueError, IndexError):
                    continue
            if value.shape == shape and np.isfinite(value).any():
                yield formula, value, text
