"""cumsum and cumprod: running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.op import Op, normalize_axis
from stepgrad.ops.reduction.linear_scan import delay, linear_scan
from stepgrad.ops.reduction.reduction import accumulator
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Running(Op):
    """An op whose entry t depends on the entries up to t."""

    promote = None

    def shape(self, x, axis=0):
        normalize_axis(axis, len(x))
        return x

    def dtype(self, x, axis=0):
        return accumulator(np.dtype(x)).name


class Cumsum(Running):
    formula = r"y_t = \sum_{i \le t} x_i"
    gradient_formula = r"\bar x_i = \sum_{t \ge i} \bar y_t"
    saves_inputs = ()

    def reference(self, x, axis=0):
        return np.cumsum(x, axis, dtype=accumulator(x.dtype))

    def gradient(self, step, gy):
        axis, flip = step.attrs.get("axis", 0), public["flip"]
        return flip(_cumsum(flip(gy, axis), axis=axis), axis)


class Cumprod(Running):
    formula = r"y_t = \prod_{i \le t} x_i"
    gradient_formula = (
        r"\bar x_i = \Big(\prod_{j < i} x_j\Big) r_i,\quad r_i = \bar y_i + x_{i+1} r_{i+1}"
        r"\quad\text{(no division, so zeros do no harm)}"
    )
    saves_output = True

    def reference(self, x, axis=0):
        return np.cumprod(x, axis, dtype=accumulator(x.dtype))

    def gradient(self, step, gy):
        axis, flip = step.attrs.get("axis", 0), public["flip"]
        later = flip(linear_scan(delay(flip(step.inputs[0], axis), axis, 0), flip(gy, axis), axis), axis)
        return delay(step.output, axis, 1) * later


_cumsum = Cumsum()
_cumprod = Cumprod()


def cumsum(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running sum along `axis` (of the flattened tensor without one).

    Examples
    --------
    >>> cumsum([1, 2, 3]).tolist()
    [1, 3, 6]
    """
    x = x if dtype is None else public["cast"](x, dtype)
    return _cumsum(x, axis=axis) if axis is not None else _cumsum(public["reshape"](x, (-1,)), axis=0)


def cumprod(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running product along `axis` (of the flattened tensor without one).

    Examples
    --------
    >>> cumprod([1, 2, 3]).tolist()
    [1, 2, 6]
    """
    x = x if dtype is None else public["cast"](x, dtype)
    return _cumprod(x, axis=axis) if axis is not None else _cumprod(public["reshape"](x, (-1,)), axis=0)
