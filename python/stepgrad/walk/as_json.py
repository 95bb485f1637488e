"""A walk as JSON, with all its numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from stepgrad.walk.steps import Value, Walk


def render(walk: Walk, table: dict | None = None) -> str:
    """Return a walk as JSON; `table` is that of a worked example.

    NaN and infinities, which JSON does not know, are written as strings.
    """
    steps = [
        {
            "number": s.number, "phase": s.phase, "op": s.op, "layer": s.layer, "formula": s.formula, "numbers": list(s.numbers),
            "sentence": s.sentence, "kernel": s.rung, "source": s.source, "op_source": s.op_source, "of": s.of,
            "inputs": [_value(v) for v in s.inputs], "outputs": [_value(v) for v in s.outputs],
        }
        for s in walk
    ]  # fmt: skip
    return json.dumps(
        {"title": walk.title, "steps": steps, **({"example": table} if table else {})},
        indent=1,
        allow_nan=False,
    )


def _value(value: Value) -> dict[str, Any]:
    return {
        "name": value.name,
        "shape": list(value.array.shape),
        "dtype": str(value.array.dtype),
        "values": _plain(value.array),
    }


def _plain(array: np.ndarray) -> Any:
    if array.ndim:
        return (
            [_plain(row) for row in array]
            if array.dtype.kind == "f" and not np.isfinite(array).all()
            else array.tolist()
        )
    x = array.item()
    return x if not isinstance(x, float) or math.isfinite(x) else str(x)
