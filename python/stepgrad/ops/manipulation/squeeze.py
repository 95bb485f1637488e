"""squeeze: drop axes of size 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, normalize_axes
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Squeeze(Op):
    formula = r"y_{ij} = x_{i1j}"
    gradient_formula = r"\bar x = \mathrm{reshape}(\bar y)"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, axis=None):
        axes = [i for i, size in enumerate(x) if size == 1] if axis is None else normalize_axes(axis, len(x))
        if any(x[i] not in (1, None) for i in axes):
            raise ShapeError(
                "only axes of size 1 can be dropped",
                expected=f"size 1 on axis {axis}",
                got=f"shape {x}",
                fix="use reshape to merge axes, or a reduction such as mean",
            )
        return tuple(size for i, size in enumerate(x) if i not in axes)

    def reference(self, x, axis=None):
        return np.squeeze(x, axis)

    def gradient(self, step, gy):
        return public["reshape"](gy, step.input_shapes[0])


_squeeze = Squeeze()


def squeeze(x: Any, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Drop axes of size 1: all of them, or those that `axis` names.

    Examples
    --------
    >>> squeeze([[[1], [2]]]).tolist()
    [1, 2]
    """
    return _squeeze(x, axis=tuple(axis) if isinstance(axis, list) else axis)
