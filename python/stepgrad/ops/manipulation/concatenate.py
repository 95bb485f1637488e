"""concatenate: join tensors along an axis they have. hstack and vstack are two usual cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.manipulation.creation import ndim
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Concatenate(Op):
    formula = r"y = [\,x_1 \mid x_2 \mid \dots\,]"
    gradient_formula = r"\bar x_k = \text{the part of } \bar y \text{ where } x_k \text{ stands}"
    saves_inputs = ()
    promote = "same"

    def shape(self, *shapes, axis=0):
        first = shapes[0]
        if not first:
            raise ShapeError("numbers have no axis to be joined along", got=str(shapes), fix="use stack")
        axis = normalize_axis(axis, len(first))
        result = list(first)
        for other in shapes[1:]:
            fits = len(other) == len(first) and all(
                i == axis or a is None or b is None or a == b
                for i, (a, b) in enumerate(zip(first, other, strict=True))
            )
            if not fits:
                raise ShapeError(
                    "the tensors differ on an axis that they are not joined along",
                    expected=f"equal shapes except on axis {axis}",
                    got=" and ".join(str(s) for s in shapes),
                    fix="choose another axis, or bring them to one shape first",
                )
            for i, size in enumerate(other):
                if i == axis:
                    result[i] = None if size is None or result[i] is None else result[i] + size
                elif result[i] is None:
                    result[i] = size
        return tuple(result)

    def reference(self, *arrays, axis=0):
        return np.concatenate(arrays, axis)

    def gradient(self, step, gy):
        axis = normalize_axis(step.attrs.get("axis", 0), gy.ndim)
        before, start, gradients = (slice(None),) * axis, 0, []
        for i, shape in enumerate(step.input_shapes):
            stop = start + shape[axis]
            gradients.append(gy[(*before, slice(start, stop))] if step.needs(i) else None)
            start = stop
        return tuple(gradients)


_concatenate = Concatenate()


def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors along an axis that they have.

    Examples
    --------
    >>> concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    if len(xs) == 0:
        raise ArgumentError(
            "there is nothing to join", op="concatenate", expected="at least one tensor", got="none"
        )
    return _concatenate(*xs, axis=axis)


def hstack(xs: Sequence[Any]) -> Tensor:
    """Join side by side: along axis 1, or axis 0 for vectors.

    Examples
    --------
    >>> hstack([[[1], [2]], [[3], [4]]]).tolist()
    [[1, 3], [2, 4]]
    """
    xs = [public["reshape"](x, (1,)) if ndim(x) == 0 else x for x in xs]
    return concatenate(xs, axis=0 if xs and ndim(xs[0]) == 1 else 1)


def vstack(xs: Sequence[Any]) -> Tensor:
    """Join one below the other; vectors become rows.

    Examples
    --------
    >>> vstack([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return concatenate([public["reshape"](x, (1, -1)) if ndim(x) < 2 else x for x in xs], axis=0)
