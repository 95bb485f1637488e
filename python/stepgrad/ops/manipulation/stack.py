"""stack: join tensors along a new axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.tensor import Tensor


class Stack(Op):
    formula = r"y_k = x_k"
    gradient_formula = r"\bar x_k = \bar y_k"
    saves_inputs = ()
    promote = "same"

    def shape(self, *shapes, axis=0):
        sizes = [{size for size in column if size is not None} for column in zip(*shapes, strict=False)]
        if len({len(s) for s in shapes}) > 1 or any(len(known) > 1 for known in sizes):
            raise ShapeError(
                "only tensors of one shape can be stacked",
                expected=f"{len(shapes)} times {shapes[0]}",
                got=" and ".join(str(s) for s in shapes),
                fix="use concatenate to join along an axis where they differ",
            )
        result = [known.pop() if known else None for known in sizes]
        result.insert(normalize_axis(axis, len(result) + 1), len(shapes))
        return tuple(result)

    def reference(self, *arrays, axis=0):
        return np.stack(arrays, axis)

    def gradient(self, step, gy):
        before = (slice(None),) * normalize_axis(step.attrs.get("axis", 0), gy.ndim)
        return tuple(gy[(*before, i)] if step.needs(i) else None for i in range(len(step.input_shapes)))


_stack = Stack()


def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

    Examples
    --------
    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    if len(x) == 0:
        raise ArgumentError(
            "there is nothing to stack", op="stack", expected="at least one tensor", got="none"
        )
    return _stack(*x, axis=axis)
