"""mean: the average along axes. average is its weighted form."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import normalize_axis
from stepgrad.ops.reduction.reduction import Reduction, as_axes, entries
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Mean(Reduction):
    formula = r"y = \frac{1}{n} \sum_{i=1}^{n} x_i"
    gradient_formula = r"\bar x_i = \bar y / n"
    saves_inputs = ()
    promote = "float"

    def reference(self, x, axis=None, keepdims=False):
        total = np.add.reduce(x, axis=axis, keepdims=keepdims)
        with np.errstate(invalid="ignore"):  # the mean of nothing is NaN
            return np.true_divide(total, entries(x.shape, axis), dtype=x.dtype)

    def gradient(self, step, gy):
        shape = step.input_shapes[0]
        n = entries(shape, step.attrs.get("axis"))
        return public["broadcast_to"](self.keep(step, gy) / max(n, 1), shape)


_mean = Mean()


def mean(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Mean over `axis` (an int, a tuple, or None for all axes).

    Examples
    --------
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [1.5, 3.5]
    """
    return _mean(x, axis=as_axes(axis), keepdims=keepdims)


def average(x: Any, axis: int | tuple[int, ...] | None = None, weights: Any = None) -> Tensor:
    """Weighted mean: sum(x * weights) / sum(weights).

    Parameters
    ----------
    weights : tensor, optional
        Of the shape of `x`, or a vector along `axis`.

    Examples
    --------
    >>> average([1.0, 2.0], weights=[3.0, 1.0]).item()
    1.25
    """
    if weights is None:
        return mean(x, axis)
    x_shape, w_shape = public["shape"](x), public["shape"](weights)
    if w_shape != x_shape:
        if len(w_shape) != 1 or not isinstance(axis, int | np.integer):
            raise ShapeError(
                "the weights do not fit", op="average", expected=f"{x_shape}, or a vector", got=f"{w_shape}"
            )
        place = normalize_axis(axis, len(x_shape))
        weights = public["reshape"](weights, (-1,) + (1,) * (len(x_shape) - place - 1))
        weights = public["broadcast_to"](weights, x_shape) if None not in x_shape else weights + x * 0
    return public["sum"](public["multiply"](x, weights), axis) / public["sum"](weights, axis)
