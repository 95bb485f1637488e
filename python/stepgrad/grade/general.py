"""Mistakes that can be made anywhere: the wrong operand, the wrong row or index, rounding too early."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stepgrad.grade.expression import Expression, ref
from stepgrad.grade.rewriting import Change, Rule, Situation


def wrong_operand(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind != "ref":
        return
    for name, value in s.values.items():
        if (
            name not in (node.data, s.quantity.name)
            and not name.endswith("'")
            and np.shape(value) == np.shape(s.values[node.data])
        ):
            yield ref(name), f"{name} was used where {node.data} belongs"


def wrong_index(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind != "ref":
        return
    shape = np.shape(s.values[node.data])
    for axis, n in enumerate(shape):
        if n < 2:
            continue
        word = (
            "entry"
            if len(shape) == 1
            else ("row", "column")[axis]
            if len(shape) == 2
            else f"index on axis {axis}"
        )
        for k in range(n):
            same = Expression(
                "take",
                (node,),
                ("same", lambda v, k=k, axis=axis, n=n: np.repeat(v.take([k], axis), n, axis)),
            )
            yield same, f"{word} {k} of {node} was used for every {word}"
        back = Expression("take", (node,), ("reversed", lambda v, axis=axis: np.flip(v, axis)))
        yield back, f"{node} was read in the wrong order: its {_plural(word)} reversed"
        for by in (1, -1) if n > 2 else ():
            rolled = Expression(
                "take", (node,), ("shifted", lambda v, axis=axis, by=by: np.roll(v, by, axis))
            )
            yield rolled, f"{node} was read one {word} too {'early' if by > 0 else 'late'}"


def rounded_early(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "number" or (node.kind == "ref" and node.data in s.solution.given):
        return
    for digits in (1, 2, 3):
        yield (
            Expression("round", (node,), ("decimals", digits)),
            f"{node} was rounded to {digits} decimals too early",
        )
        yield (
            Expression("round", (node,), ("digits", digits)),
            f"{node} was rounded to {digits} significant digits too early",
        )


def _plural(word: str) -> str:
    return "entries" if word == "entry" else word + "s"


GENERAL: dict[str, Rule] = {
    "wrong operand": wrong_operand,
    "wrong row or index": wrong_index,
    "rounded too early": rounded_early,
}
