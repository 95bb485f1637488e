"""The page of a walk: one HTML file with everything in it."""

from __future__ import annotations

import base64
import json
from importlib import resources
from typing import Any

import numpy as np

from stepgrad.errors import require

_CORNER = 8  # rows and columns of numbers that are shown
_TILES = 16  # slices of a large array that are drawn
_PIXELS = 64  # longest side of a drawn slice


def render(walk: Any, example: Any = None, rows: Any = ()) -> str:
    """Return the page for a walk, as one string of HTML."""
    values: dict[str, dict] = {}
    data = {
        "title": walk.title,
        "steps": [
            {
                "number": s.number,
                "phase": s.phase,
                "op": s.op,
                "layer": s.layer,
                "formula": mathml(s.formula),
                "sentence": s.sentence,
                "rung": s.rung,
                "source": s.source,
                "of": s.of,
                "inputs": [_entry(values, v) for v in s.inputs],
                "outputs": [_entry(values, v) for v in s.outputs],
            }
            for s in walk
        ],
        "values": values,
    }
    template = resources.files("stepgrad.walk").joinpath("page.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    return template.replace("__TITLE__", _escape(walk.title)).replace("__DATA__", text)


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
    return convert(latex, display="block")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _entry(values: dict[str, dict], value: Any) -> str:
    """Enter a value once; the same name with other numbers gets an entry of its own."""
    key = value.name
    while key in values and values[key]["_array"] is not value.array:
        key += "#"
    if key not in values:
        values[key] = _picture(value.name, value.array)
    return key


class _Shown(dict):
    """A JSON object that remembers the array it describes, without writing it."""

    def __init__(self, array: np.ndarray, **entries: Any):
        super().__init__(**entries)
        self.array = array

    def __getitem__(self, key: str) -> Any:
        return self.array if key == "_array" else super().__getitem__(key)


def _picture(name: str, array: np.ndarray) -> dict:
    numbers = array.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    mean = float(finite.mean()) if finite.size else 0.0
    slices = _slices(numbers)
    scale = max(abs(low), abs(high)) or 1.0
    tiles = [np.clip(np.nan_to_num(s) / scale * 127 + 128, 0, 255).astype(np.uint8) for s in slices]
    first = _matrix(numbers)
    digits = 9 if array.dtype == np.float32 else 17
    corner = [[_number(x, digits) for x in row[:_CORNER]] for row in first[:_CORNER]]
    return _Shown(
        array,
        name=name,
        shape=list(array.shape),
        dtype=str(array.dtype),
        min=low,
        max=high,
        mean=mean,
        corner=corner,
        more=bool(first.shape[0] > _CORNER or first.shape[1] > _CORNER or numbers.size > first.size),
        tiles=[[*t.shape, base64.b64encode(t.tobytes()).decode()] for t in tiles],
    )


def _number(x: float, digits: int) -> str:
    return f"{x:.{min(digits, 7)}g}"


def _matrix(array: np.ndarray) -> np.ndarray:
    """The first two-dimensional slice: images show their first channel, batches their first rows."""
    if array.ndim < 2:
        return array.reshape(1, -1)
    if array.ndim == 2:
        return array
    if array.ndim == 4 and array.shape[0] <= 7 and array.shape[1] <= 7:  # filters [KH, KW, C, O]
        return array[:, :, 0, 0]
    while array.ndim > 3:
        array = array[0]
    return array[:, :, 0] if array.size else np.zeros((0, 0))


def _slices(array: np.ndarray) -> list[np.ndarray]:
    """Cut an array into small pictures: channels of an image, filters of a convolution, or one matrix."""
    if array.size <= 1 or array.ndim == 0:
        return []
    if array.ndim == 4 and array.shape[0] <= 7 and array.shape[1] <= 7:
        parts = [array[:, :, 0, o] for o in range(min(_TILES, array.shape[3]))]
    elif array.ndim >= 3:
        image = array.reshape(-1, *array.shape[-3:])[0]
        parts = [image[:, :, c] for c in range(min(_TILES, image.shape[2]))]
    else:
        parts = [_matrix(array)]
    return [p[:: -(-p.shape[0] // _PIXELS), :: -(-p.shape[1] // _PIXELS)] for p in parts if p.size]
