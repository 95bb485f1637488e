"""logsumexp: log of a sum of exponentials, without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.reduction.reduction import Reduction, as_axes
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Logsumexp(Reduction):
    formula = r"y = \log \sum_i e^{x_i} = m + \log \sum_i e^{x_i - m},\quad m = \max_i x_i"
    gradient_formula = r"\bar x_i = \bar y\, e^{x_i - y}"
    saves_output = True
    promote = "float"

    def reference(self, x, axis=None, keepdims=False):
        top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, np.zeros((), x.dtype)).astype(x.dtype)  # inf - inf would be NaN
        with np.errstate(divide="ignore", over="ignore"):
            y = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
        return y.reshape(self.shape(x.shape, axis, keepdims))

    def gradient(self, step, gy):
        y = self.keep(step, step.output)
        nothing = public["equal"](y, -np.inf)  # a row of -inf: every weight is e^{-inf} = 0
        y = public["where"](nothing, public["zeros_like"](y), y)
        return self.keep(step, gy) * public["exp"](step.inputs[0] - y)


_logsumexp = Logsumexp()


def logsumexp(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Logarithm of the sum of exponentials over `axis`; large entries do not overflow, rows of -inf give -inf.

    Examples
    --------
    >>> logsumexp([1000.0, -1000.0]).item()
    1000.0
    """
    return _logsumexp(x, axis=as_axes(axis), keepdims=keepdims)
