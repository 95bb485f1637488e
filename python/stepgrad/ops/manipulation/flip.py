"""flip: the entries in reverse order."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.op import Op, normalize_axes
from stepgrad.tape.tensor import Tensor


class Flip(Op):
    formula = r"y_i = x_{n-1-i}"
    gradient_formula = r"\bar x_i = \bar y_{n-1-i}"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, axis=None):
        normalize_axes(axis, len(x))
        return x

    def reference(self, x, axis=None):
        return np.flip(x, axis)

    def gradient(self, step, gy):
        return _flip(gy, axis=step.attrs.get("axis"))


_flip = Flip()


def flip(x: Any, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Reverse the order of the entries along `axis` (all axes when it is None).

    Examples
    --------
    >>> flip([1, 2, 3]).tolist()
    [3, 2, 1]
    """
    return _flip(x, axis=tuple(axis) if isinstance(axis, list) else axis)
