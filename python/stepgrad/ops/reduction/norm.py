"""norm: the length of vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.ops.reduction.reduction import Reduction, as_axes
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Norm(Reduction):
    formula = r"y = \sqrt{\sum_i x_i^2}"
    gradient_formula = r"\bar x_i = \bar y\, x_i / y,\quad 0 \text{ where } y = 0"
    saves_output = True
    promote = "float"

    def reference(self, x, axis=None, keepdims=False):
        return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))

    def gradient(self, step, gy):
        y = self.keep(step, step.output)
        y = public["where"](
            public["equal"](y, 0.0), public["ones_like"](y), y
        )  # x is 0 there, and so is x / 1
        return step.inputs[0] * (self.keep(step, gy) / y)


_norm = Norm()


def norm(
    x: Any, ord: float | str | None = None, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Tensor:
    """Length of vectors: Euclidean unless `ord` says otherwise. At 0 the gradient is 0.

    Parameters
    ----------
    ord : None, 2, 1, inf or "fro"
        1 is the sum of magnitudes, inf the largest one. "fro" and None are the square root of the sum of squares.
    axis : int, tuple or None
        None takes all entries as one vector.

    Examples
    --------
    >>> norm([[3.0, 4.0], [6.0, 8.0]], axis=1).tolist()
    [5.0, 10.0]
    """
    axis = as_axes(axis)
    axes = public["ndim"](x) if axis is None else len(axis) if isinstance(axis, tuple) else 1
    if ord in (None, "fro") or (ord == 2 and axes == 1):
        return _norm(x, axis=axis, keepdims=keepdims)
    if ord not in (1, math.inf) or axes != 1:
        raise ArgumentError(
            "this norm is not offered",
            op="norm",
            expected="ord 1, 2 or inf for vectors, None or 'fro' for more axes",
            got=f"ord={ord!r} over {axes} axes",
        )
    size = public["abs"](x)
    return public["sum" if ord == 1 else "max"](size, axis, keepdims)
