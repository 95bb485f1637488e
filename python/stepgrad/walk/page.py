"""The page of a walk: one HTML file with everything in it."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import numpy as np

from stepgrad.errors import require
from stepgrad.walk.explain import explain, given
from stepgrad.walk.graph import graph
from stepgrad.walk.latex import digits_of, number
from stepgrad.walk.naming import gradient_name
from stepgrad.walk.steps import Value, Walk, WalkStep
from stepgrad.walk.table import cells, verdict

_CORNER = 6, 8  # rows and columns of numbers that are shown
_LONG, _SMALL_CORNER = (
    200,
    (3, 4),
)  # a walk with more steps than this shows fewer, so that its page stays small
_TILES = 16  # slices of a large array that are drawn
_PIXELS = 64  # longest side of a drawn slice
_PRODUCTS = 12  # of the products in one entry, that are listed


def render(walk: Walk, example: Any = None, rows: Any = ()) -> str:
    """Return the page for a walk, as one string of HTML; `example` and `rows` are a worked example and its table."""
    values = _Values(walk)
    steps = []
    for s in walk:
        inputs, saved = [values.key(v) for v in s.inputs], [values.key(v) for v in _saved(s)]
        steps.append(
            {
                "number": s.number, "phase": s.phase, "op": s.op, "layer": s.layer, "formula": mathml(s.formula),
                "numbers": [mathml(line) for line in s.numbers], "sentence": s.sentence, "rung": s.rung, "source": s.source, "of": s.of, "op_source": s.op_source,
                "inputs": inputs, "saved": saved, "outputs": [values.key(v, s, i) for i, v in enumerate(s.outputs)],
            }
        )  # fmt: skip
        for key in (*inputs, *saved):
            values.shown[key]["used"].append(s.number)
    data: dict[str, Any] = {"title": walk.title, "steps": steps, "values": values.shown, "graph": graph(walk)}
    if example is not None:
        table = [[*cells(row), "" if row.settled else "not settled"] for row in rows]
        data["example"] = {
            "about": example.about,
            "source": example.source,
            "rows": table,
            "verdict": verdict(list(rows)),
        }
    template = resources.files("stepgrad.walk").joinpath("page.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return template.replace("__TITLE__", _escape(walk.title)).replace("__DATA__", text)


@functools.lru_cache(maxsize=1024)
def mathml(latex: str) -> str:
    """Turn a formula into MathML, which browsers draw and screen readers read.

    Examples
    --------
    >>> mathml("y = x^2")[:5]
    '<math'
    """
    if not latex:
        return ""
    convert = require("latex2mathml.converter", "cli", "drawing formulas").convert
    # what the converter does not know: an escaped underscore, and += as one sign
    made = convert(latex.replace(r"\_", "_").replace(r"\mathrel{+}=", "+="), display="block")
    # the page draws the brackets of a matrix: few systems have a font in which they can grow
    return made.replace("<mo>&#x0005B;</mo><mtable>", "<mtable>").replace(
        "</mtable><mo>&#x0005D;</mo>", "</mtable>"
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _saved(step: WalkStep) -> list[Value]:
    """Return what a backward step reads from its forward step, as far as its formula names it."""
    if step.forward is None:
        return []
    from stepgrad.walk.equations import right_side

    used = [v for i in range(len(step.outputs)) for v in right_side(step, i)[1]]
    own = {id(v) for v in step.inputs}
    return [v for v in dict.fromkeys(used) if id(v) not in own and not v.name.startswith("constant")]


class _Values:
    """Every value once, under a key; the same name with other numbers gets a key of its own."""

    def __init__(self, walk: Walk) -> None:
        weights = [
            s.inputs[1].name for s in walk if "conv" in s.op and s.phase == "forward" and len(s.inputs) > 1
        ]
        self.filters = {made for w in weights for made in (w, gradient_name(w), f"{w}'")}
        self.corner = _CORNER if len(walk) <= _LONG else _SMALL_CORNER
        self.shown: dict[str, dict] = {}
        self.arrays: dict[str, np.ndarray] = {}

    def key(self, value: Value, step: WalkStep | None = None, i: int = 0) -> str:
        """Return the key of a value, entering it if it is new; `step` is the one that makes it as its output `i`."""
        key = value.name
        while key in self.shown and not _same(self.arrays[key], value.array):
            key += "#"
        if key not in self.shown:
            self.shown[key] = _picture(
                value, step, i, value.name.rpartition(" of ")[2] in self.filters, self.corner
            )
            self.arrays[key] = value.array
        return key


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or (a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _picture(
    value: Value, step: WalkStep | None, i: int, is_filter: bool, size: tuple[int, int]
) -> dict[str, Any]:
    array = value.array
    numbers = array.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    mean = float(finite.mean()) if finite.size else 0.0
    slices = _slices(np.nan_to_num(numbers, posinf=high, neginf=low), is_filter)
    scale = max((float(abs(s).max()) for s in slices), default=1.0) or 1.0
    tiles = [np.clip(s / scale * 127 + 128, 0, 255).astype(np.uint8) for s in slices]
    first, place = _matrix(array, is_filter)
    digits = min(digits_of(array), 10 if array.size <= 16 else 7)
    corner = first[: size[0], : size[1]]
    opened = {}
    for r, c in np.ndindex(corner.shape):
        index = place(r, c)
        opened[f"{r},{c}"] = _opened(explain(step, i, index) if step is not None else given(value, index))
    return {
        "name": value.name, "shape": list(array.shape), "dtype": str(array.dtype), "min": low, "max": high, "mean": mean,
        "corner": [[number(x, digits) for x in row] for row in corner], "open": opened, "made": step.number if step else 0, "used": [],
        "first": [list(place(r, 0)) for r in range(len(corner))] if corner.size else [],
        "more": bool(corner.size < array.size), "tiles": [[*t.shape, base64.b64encode(t.tobytes()).decode()] for t in tiles],
    }  # fmt: skip


def _opened(e: Any) -> dict[str, Any]:
    """Return an explanation for the page: its text, and for a sum the list of products."""
    if len(e.terms) < 2:
        return {"text": e.text}
    products = [
        [[f.label, number(f.value, 7)] for f in t.factors] + [number(t.product, 7)]
        for t in e.terms[:_PRODUCTS]
    ]
    rest = e.terms[_PRODUCTS:]
    head = f"{e.name}[{', '.join(map(str, e.index))}]" if e.index else e.name
    return {
        "head": head, "sum": number(e.value, 7), "products": products,
        "rest": [len(rest), number(sum(t.product for t in rest), 7)] if rest else [],
    }  # fmt: skip


def _matrix(array: np.ndarray, is_filter: bool) -> tuple[np.ndarray, Callable[[int, int], tuple[int, ...]]]:
    """Return the slice whose numbers are shown, and the index of its entry (r, c) in the array.

    Images show their first channel, batches their first member, filters [KH, KW, C, O] their first pair of channels.
    """
    if array.ndim == 0:
        return array.reshape(1, 1), lambda r, c: ()
    if array.ndim == 1:
        return array.reshape(1, -1), lambda r, c: (c,)
    if array.ndim == 2:
        return array, lambda r, c: (r, c)
    if not array.size:
        return np.zeros((0, 0)), lambda r, c: ()
    if array.ndim == 4 and is_filter:
        return array[:, :, 0, 0], lambda r, c: (r, c, 0, 0)
    if array.ndim == 4:
        return array[0, :, :, 0], lambda r, c: (0, r, c, 0)
    leading = (0,) * (array.ndim - 2)
    return array[leading], lambda r, c: (*leading, r, c)


def _slices(array: np.ndarray, is_filter: bool) -> list[np.ndarray]:
    """Cut an array into small pictures: channels of an image, filters of a convolution, or one matrix."""
    if array.size <= 16 and array.ndim < 3:
        return []
    if array.ndim == 4 and is_filter:
        parts = [array[:, :, 0, o] for o in range(min(_TILES, array.shape[3]))]
    elif array.ndim == 4:
        parts = [array[0, :, :, c] for c in range(min(_TILES, array.shape[3]))] if len(array) else []
    else:
        parts = [_matrix(array, is_filter)[0]]
    return [p[:: -(-p.shape[0] // _PIXELS), :: -(-p.shape[1] // _PIXELS)] for p in parts if p.size]
