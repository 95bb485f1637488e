"""var: the mean squared distance from the mean. std is made from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.reduction.reduction import Reduction, as_axes, entries
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Var(Reduction):
    formula = r"y = \frac{1}{n} \sum_i (x_i - \mu)^2"
    gradient_formula = r"\bar x_i = \frac{2}{n} (x_i - \mu)\, \bar y"
    promote = "float"

    def reference(self, x, axis=None, keepdims=False):
        with np.errstate(invalid="ignore"):  # the variance of nothing, or of infinities, is NaN
            count = entries(x.shape, axis)
            mean = np.true_divide(np.add.reduce(x, axis=axis, keepdims=True), count, dtype=x.dtype)
            total = np.add.reduce(np.square(x - mean), axis=axis, keepdims=keepdims)
            return np.true_divide(total, count, dtype=x.dtype)

    def gradient(self, step, gy):
        (x,) = step.inputs
        away = x - public["mean"](x, step.attrs.get("axis"), True)
        return away * (self.keep(step, gy) * (2 / max(entries(x.shape, step.attrs.get("axis")), 1)))


_var = Var()


def var(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Variance over `axis`, divided by n (not n - 1), as in NumPy and Keras.

    Examples
    --------
    >>> var([1.0, 3.0]).item()
    1.0
    """
    return _var(x, axis=as_axes(axis), keepdims=keepdims)


def std(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over `axis`: the square root of :func:`var`. Where all entries are equal it has no gradient.

    Examples
    --------
    >>> std([1.0, 3.0]).item()
    1.0
    """
    return public["sqrt"](var(x, axis, keepdims))
