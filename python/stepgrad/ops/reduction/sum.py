"""sum: add up the entries along axes."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.reduction.reduction import Accumulation, accumulator, as_axes
from stepgrad.tape.state import public


class Sum(Accumulation):
    formula = r"y = \sum_i x_i"
    gradient_formula = r"\bar x_i = \bar y"
    saves_inputs = ()

    def reference(self, x, axis=None, keepdims=False):
        return np.sum(x, axis=axis, keepdims=keepdims, dtype=accumulator(x.dtype))

    def gradient(self, step, gy):
        return public["broadcast_to"](self.keep(step, gy), step.input_shapes[0])


_sum = Sum()


def sum(x, axis=None, keepdims=False):
    """Sum over `axis` (an int, a tuple, or None for all axes).

    Examples
    --------
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    return _sum(x, axis=as_axes(axis), keepdims=keepdims)
