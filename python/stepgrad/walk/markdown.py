"""A walk as Markdown with LaTeX."""

from __future__ import annotations

import numpy as np

from stepgrad.walk.latex import is_small, number
from stepgrad.walk.steps import Value, Walk
from stepgrad.walk.table import HEADS, cells, verdict

TITLES = {"forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}


def render(walk: Walk, example=None, rows=()) -> str:
    """Return a walk as Markdown; `example` and `rows` are a worked example and its table.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(3.0, requires_grad=True, name="x")
    >>> print(render(sg.walk(lambda x: x * x, x)).splitlines()[0])
    # <lambda>
    """
    lines = [f"# {walk.title}", ""]
    if example is not None:
        lines += [example.about, "", f"Source: {example.source}.", ""]
    phase = ""
    for s in walk:
        if s.phase != phase:
            phase = s.phase
            lines += [f"## {TITLES[phase]}", ""]
        where = f" in `{s.layer}`" if s.layer else ""
        lines += [f"### {s.number}. {s.op}{where}", "", s.sentence, ""]
        for line in s.numbers:
            lines += ["$$", line, "$$", ""]
        shown = [v for v in s.outputs if not is_small(v.array)]
        lines += [f"- {summary(v)}" for v in shown] + ([""] if shown else [])
    if rows:
        lines += [
            "## The printed numbers",
            "",
            verdict(list(rows)),
            "",
            "| " + " | ".join(h or "what is wrong" for h in HEADS) + " |",
        ]
        lines += (
            ["| --- | ---: | ---: | ---: | --- |"]
            + ["| " + " | ".join(cells(row)) + " |" for row in rows]
            + [""]
        )
    return "\n".join(lines)


def summary(value: Value) -> str:
    """Return shape and statistics of a large value in one line.

    Examples
    --------
    >>> summary(Value("x", np.arange(4.0)))
    'x [4]: smallest 0, mean 1.5, largest 3'
    """
    numbers = value.array.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return f"{value.name} {list(value.array.shape)}: " + (
            "no entries" if not numbers.size else "not one finite number"
        )
    broken = f", {numbers.size - finite.size} not finite" if finite.size < numbers.size else ""
    low, mean, high = (number(x) for x in (finite.min(), finite.mean(), finite.max()))
    return f"{value.name} {list(value.array.shape)}: smallest {low}, mean {mean}, largest {high}{broken}"
