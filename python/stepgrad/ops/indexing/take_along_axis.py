"""take_along_axis: pick along one axis, with different places in each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.indexing.embedding import integers
from stepgrad.ops.indexing.getitem import add_at
from stepgrad.ops.op import Op, broadcast, normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class TakeAlongAxis(Op):
    formula = r"y_{ij} = x_{i\,k_{ij}}"
    gradient_formula = r"\bar x_{im} = \sum_{j :\, k_{ij} = m} \bar y_{ij}"
    saves_inputs = (1,)
    promote = None

    def shape(self, x, indices, axis=-1):
        axis = normalize_axis(axis, len(x))
        if len(indices) != len(x):
            raise ShapeError(
                "indices need as many axes as x",
                expected=f"{len(x)} axes",
                got=f"x {x}, indices {indices}",
                fix="use ops.expand_dims on the indices, or ops.take for the same places in every row",
            )
        result = list(broadcast(*((*s[:axis], 1, *s[axis + 1 :]) for s in (x, indices))))
        result[axis] = indices[axis]
        return tuple(result)

    def dtype(self, x, indices, axis=-1):
        return x

    def reference(self, x, indices, axis=-1):
        self.shape(x.shape, indices.shape, axis)
        return np.take_along_axis(x, indices, axis)

    def gradient(self, step, gy):
        axis = normalize_axis(step.attrs.get("axis", -1), gy.ndim)
        return _take_along_axis_gradient(step.inputs[1], gy, shape=step.input_shapes[0], axis=axis), None

    def explain(self, error, arrays, attrs):
        x, indices = arrays
        if isinstance(error, IndexError) and x.ndim == indices.ndim:
            size = x.shape[attrs.get("axis", -1)]
            return ArgumentError(
                "there is no such entry along the axis",
                expected=f"-{size} <= index < {size}",
                got=f"indices from {indices.min()} to {indices.max()}",
            )
        return super().explain(error, arrays, attrs)


class TakeAlongAxisGradient(Op):
    formula = r"\bar x_{im} = \sum_{j :\, k_{ij} = m} \bar y_{ij}"
    gradient_formula = r"\bar{\bar y}_{ij} = \bar{\bar x}_{i\,k_{ij}}"
    saves_inputs = (0,)
    promote = None

    def shape(self, indices, gy, shape, axis):
        expected = _take_along_axis.shape(shape, indices, axis)
        if len(gy) != len(expected) or any(
            None not in (a, b) and a != b for a, b in zip(gy, expected, strict=True)
        ):
            raise ShapeError(
                "the gradient has another shape than the output", expected=str(expected), got=str(gy)
            )
        return tuple(shape)

    def dtype(self, indices, gy, shape, axis):
        return gy

    def reference(self, indices, gy, shape, axis):
        self.shape(indices.shape, gy.shape, shape, axis)
        key = tuple(
            indices if i == axis else np.arange(n).reshape([-1 if i == j else 1 for j in range(len(shape))])
            for i, n in enumerate(shape)
        )
        return add_at(shape, key, gy)

    def gradient(self, step, ggx):
        return None, _take_along_axis(ggx, step.inputs[0], axis=step.attrs["axis"])


_take_along_axis = TakeAlongAxis()
_take_along_axis_gradient = TakeAlongAxisGradient()


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Pick entries along `axis`, each row with its own indices (in the flattened `x` without an axis).

    Parameters
    ----------
    x : tensor
    indices : int tensor with as many axes as `x`; the axes other than `axis` broadcast

    Examples
    --------
    >>> take_along_axis([[1, 2, 3], [4, 5, 6]], [[2], [0]], axis=1).tolist()
    [[3], [4]]
    """
    if axis is None:
        x, axis = public["reshape"](x, (-1,)), 0
    return _take_along_axis(x, integers(indices, "take_along_axis"), axis=axis)
