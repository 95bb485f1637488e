"""softmax: positive numbers that add up to 1 along an axis, and its gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.op import Op, contiguous, normalize_axis
from stepgrad.tape.tensor import Tensor


class AlongAxis(Op):
    """An op on vectors along one axis. Native kernels get [rows, n] arrays, along the last axis: (*inputs, output)."""

    def shape(self, x, *others, axis=-1):
        normalize_axis(axis, len(x))
        return x

    def launch(self, native, *arrays, axis=-1):
        shape = self.shape(*(a.shape for a in arrays), axis=axis)
        if axis % len(shape) != len(shape) - 1:
            return NotImplemented
        rows = (math.prod(shape[:-1]), shape[-1])
        out = kernels.empty(shape, arrays[0].dtype)
        native(*(contiguous(a).reshape(rows) for a in arrays), out.reshape(rows))
        return out


class Softmax(AlongAxis):
    formula = r"y_i = \frac{e^{x_i}}{\sum_j e^{x_j}}"
    gradient_formula = r"\bar x_i = y_i \Big(\bar y_i - \sum_j y_j \bar y_j\Big)"
    saves_inputs, saves_output = (), True

    def reference(self, x, axis=-1):
        self.shape(x.shape, axis=axis)
        with np.errstate(invalid="ignore"):  # infinite scores give NaN
            e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))  # no exponential can overflow
        return e / e.sum(axis, keepdims=True)

    def gradient(self, step, gy):
        return _softmax_gradient(step.output, gy, **step.attrs)


class SoftmaxGradient(AlongAxis):
    formula = r"\bar x_i = y_i \Big(\bar y_i - \sum_j y_j \bar y_j\Big)"
    gradient_formula = (
        r"\bar y_i' = g_i (\bar y_i - s) - t \bar y_i,\quad \bar{\bar y}_i = y_i (g_i - t),"
        r"\quad s = \sum_j y_j \bar y_j,\ t = \sum_j y_j g_j,\ g = \bar{\bar x}"
    )

    def reference(self, y, gy, axis=-1):
        return y * (gy - (y * gy).sum(axis, keepdims=True))

    def gradient(self, step, g):
        y, gy = step.inputs
        axis = step.attrs.get("axis", -1)
        s, t = (y * gy).sum(axis, True), (y * g).sum(axis, True)
        return g * (gy - s) - t * gy, _softmax_gradient(y, g, axis=axis)


_softmax = Softmax()
_softmax_gradient = SoftmaxGradient()


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Turn scores into probabilities: exp(x) divided by its sum along `axis`.

    Parameters
    ----------
    x : tensor of any shape with at least one axis
    axis : int

    Returns
    -------
    tensor with the shape of `x`

    Examples
    --------
    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    return _softmax(x, axis=axis)
