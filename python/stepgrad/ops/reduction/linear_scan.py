"""linear_scan: y_t = a_t y_{t-1} + b_t along an axis, the recurrence under cumprod's gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class LinearScan(Op):
    formula = r"y_t = a_t\, y_{t-1} + b_t,\quad y_{-1} = 0"
    gradient_formula = r"\bar b_t = \bar y_t + a_{t+1} \bar b_{t+1},\quad \bar a_t = \bar b_t\, y_{t-1}"
    saves_inputs, saves_output = (0,), True
    promote = "same"

    def shape(self, a, b, axis=0):
        if len(a) != len(b) or any(None not in (m, n) and m != n for m, n in zip(a, b, strict=True)):
            raise ShapeError("a and b need one shape", expected=str(a), got=str(b))
        normalize_axis(axis, len(a))
        return a

    def reference(self, a, b, axis=0):
        self.shape(a.shape, b.shape, axis)
        y = np.array(b)
        rows, factors = np.moveaxis(y, axis, 0), np.moveaxis(a, axis, 0)
        for t in range(1, len(rows)):
            rows[t] += factors[t] * rows[t - 1]
        return y

    def gradient(self, step, gy):
        a, axis = step.inputs[0], step.attrs.get("axis", 0)
        backward = public["flip"](
            _linear_scan(delay(public["flip"](a, axis), axis, 0), public["flip"](gy, axis), axis=axis), axis
        )
        return backward * delay(step.output, axis, 0) if step.needs(0) else None, backward


_linear_scan = LinearScan()


def delay(x: Tensor, axis: int, first: float) -> Tensor:
    """Move the entries one place along `axis`: the last one falls out, `first` comes in."""
    before = (slice(None),) * normalize_axis(axis, x.ndim)
    head, rest = x[(*before, slice(0, 1))], x[(*before, slice(0, -1))]
    return public["concatenate"]([public["full_like"](head, first), rest], axis)


def linear_scan(a: Any, b: Any, axis: int = 0) -> Tensor:
    """Run y_t = a_t y_{t-1} + b_t along `axis`, from y_{-1} = 0.

    Examples
    --------
    >>> linear_scan([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]).tolist()
    [1.0, 3.0, 7.0]
    """
    return _linear_scan(a, b, axis=axis)
