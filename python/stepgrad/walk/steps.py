"""What a walk is made of: named values, steps, and the walk itself."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stepgrad.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    from stepgrad.walk.explain import Explanation


@dataclasses.dataclass(frozen=True, eq=False)
class Value:
    """A named array as it was when a step ran."""

    name: str
    array: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class WalkStep:
    """One step of a walk.

    Attributes
    ----------
    number, phase : int, str
        Counted from 1; "forward", "loss", "backward" or "update".
    op, layer, formula : str
        The op, the path of its layer, and LaTeX.
    inputs, outputs : tuple of Value
        For a backward step: the gradients that arrived, and those that it sends on.
    sentence : str
        What happens, in plain words.
    rung, source : str
        The kernel that ran, and the file that it is in.
    of : int
        For a backward step, the number of the forward step that it differentiates; otherwise its own number.
    attrs : dict
        The op's keyword arguments; for an update the optimizer's settings.
    forward : WalkStep or None
        For a backward step, the step that it differentiates.
    targets : tuple of int
        For a backward step, which input of the forward step each output is the gradient of.
    definition : Op, Update or None
        The op itself, or the optimizer's rule.
    """

    number: int
    phase: str
    op: str
    layer: str
    formula: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    sentence: str
    rung: str
    source: str
    of: int
    attrs: dict[str, Any] = dataclasses.field(default_factory=dict)
    forward: WalkStep | None = None
    targets: tuple[int, ...] = ()
    definition: Any = None

    @functools.cached_property
    def op_source(self) -> str:
        """File and line where the op is defined; empty where that is not known."""
        import inspect

        if self.definition is None:
            return ""
        try:
            kind = type(self.definition)
            path, line = inspect.getsourcefile(kind) or "", inspect.getsourcelines(kind)[1]
        except (OSError, TypeError):  # compiled, or typed into a console
            return ""
        return "/".join(Path(path).parts[-(kind.__module__.count(".") + 1) :]) + f":{line}"

    @functools.cached_property
    def numbers(self) -> tuple[str, ...]:
        """The formula with this step's own names, one line of LaTeX an output; small values with their numbers put in."""
        from stepgrad.walk.equations import equations

        return equations(self)

    @functools.cached_property
    def named(self) -> tuple[str, ...]:
        """The formula with this step's own names, without the numbers."""
        from stepgrad.walk.equations import equations

        return equations(self, with_numbers=False)


class Walk(Sequence):
    """The steps of one training step, in order.

    Examples
    --------
    >>> import stepgrad as sg
    >>> W = sg.Variable([[2.0], [3.0]], name="W")
    >>> steps = sg.walk(lambda X: X @ W, sg.Tensor([[10.0, 1.0]], name="X"))
    >>> print(steps.explain("XW", [0, 0]))
    XW[0, 0] = X[0, 0]·W[0, 0] + X[0, 1]·W[1, 0] = 10·2 + 1·3 = 23
    """

    def __init__(self, steps: list[WalkStep], title: str):
        self.steps = steps
        self.title = title

    def __getitem__(self, i):
        return self.steps[i]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[WalkStep]:
        return iter(self.steps)

    def find(self, name: str) -> tuple[Value, WalkStep | None, int]:
        """Return the value called `name`, the step that makes it (None where it was given) and its place there."""
        wanted = canonical(name)
        for step in self.steps:
            for i, value in enumerate(step.outputs):
                if canonical(value.name) == wanted:
                    return value, step, i
        for step in self.steps:
            for value in step.inputs:
                if canonical(value.name) == wanted:
                    return value, None, 0
        known = list(dict.fromkeys(v.name for s in self.steps for v in (*s.inputs, *s.outputs)))
        raise ArgumentError(f"no step makes a value called {name!r}", fix=_hint(name, known))

    def value(self, name: str) -> np.ndarray:
        """Return the array called `name`. Spaces do not matter; "W1 after" is W1', and "dZ1" is delta1."""
        return self.find(name)[0].array

    def explain(self, name: str, index: Sequence[int] = ()) -> Explanation:
        """Show how one entry of a value was computed: which products were summed.

        Parameters
        ----------
        name : str
        index : sequence of int

        Returns
        -------
        Explanation
            Prints as text; `latex` and `terms` have the rest.

        Raises
        ------
        ArgumentError
            If there is no such value or entry.
        """
        from stepgrad.walk.explain import explain, given

        value, step, i = self.find(name)
        index = (index,) if isinstance(index, int) else tuple(int(i) for i in index)
        return given(value, index) if step is None else explain(step, i, index)

    def html(self) -> str:
        """Return a page that needs nothing else: no server, no network."""
        from stepgrad.walk.page import render

        return render(self)

    def markdown(self) -> str:
        """Return the walk as Markdown with LaTeX."""
        from stepgrad.walk.markdown import render

        return render(self)

    def json(self) -> str:
        """Return the walk as JSON, with all numbers."""
        from stepgrad.walk.as_json import render

        return render(self)

    def save(self, path: str | Path) -> Path:
        """Write the walk to a file: .md is Markdown, .json is JSON, anything else the page."""
        path = Path(path)
        text = {".md": self.markdown, ".json": self.json}.get(path.suffix.lower(), self.html)()
        path.write_text(text, encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        import html

        return (
            f'<iframe style="width:100%;height:720px;border:0" srcdoc="{html.escape(self.html())}"></iframe>'
        )

    def __repr__(self) -> str:
        lines = [f"{self.title}: {len(self)} steps"]
        for s in self.steps:
            made = ", ".join(f"{v.name}{list(v.array.shape)}" for v in s.outputs)
            lines.append(f"{s.number:4} {s.phase:<8} {s.layer or '-':<24} {s.op:<28} -> {made}")
        return "\n".join(lines)


def canonical(name: str) -> str:
    """Bring the spellings of a value's name together.

    Examples
    --------
    >>> canonical("d Z1"), canonical("W1 after")
    ('delta1', "W1'")
    """
    name = re.sub(r"\s*\bafter$", "'", name.strip()).replace(" ", "")
    return re.sub(r"^dZ(\d*)$", r"delta\1", name)


def _hint(name: str, known: list[str]) -> str:
    hint = did_you_mean(name, known)
    return hint if hint.startswith("did") else "one of: " + ", ".join(known[:30])
