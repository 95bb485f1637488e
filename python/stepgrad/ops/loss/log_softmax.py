"""log_softmax: the logarithm of softmax, without its underflow, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.loss.softmax import AlongAxis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class LogSoftmax(AlongAxis):
    formula = r"y_i = x_i - \log \sum_j e^{x_j}"
    gradient_formula = r"\bar x_i = \bar y_i - e^{y_i} \sum_j \bar y_j"
    saves_inputs, saves_output = (), True

    def reference(self, x, axis=-1):
        self.shape(x.shape, axis=axis)
        with np.errstate(invalid="ignore", divide="ignore"):  # infinite scores, or no classes: NaN says it
            shifted = x - x.max(axis, keepdims=True, initial=-np.inf)
            return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))

    def gradient(self, step, gy):
        return _log_softmax_gradient(step.output, gy, **step.attrs)


class LogSoftmaxGradient(AlongAxis):
    formula = r"\bar x_i = \bar y_i - e^{y_i} \sum_j \bar y_j"
    gradient_formula = r"\bar y_i' = -g_i e^{y_i} \sum_j \bar y_j,\quad \bar{\bar y}_i = g_i - \sum_j g_j e^{y_j},\quad g = \bar{\bar x}"

    def reference(self, y, gy, axis=-1):
        return gy - np.exp(y) * gy.sum(axis, keepdims=True)

    def gradient(self, step, g):
        y, gy = step.inputs
        axis = step.attrs.get("axis", -1)
        weighted = g * public["exp"](y)
        return -(weighted * gy.sum(axis, True)), g - weighted.sum(axis, True)


_log_softmax = LogSoftmax()
_log_softmax_gradient = LogSoftmaxGradient()


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """Logarithm of the softmax along `axis`: x - log(sum(exp(x))).

    Parameters
    ----------
    x : tensor of any shape with at least one axis
    axis : int

    Returns
    -------
    tensor with the shape of `x`

    Examples
    --------
    >>> print(f"{log_softmax([0.0, 0.0])[0].item():.4f}")
    -0.6931
    """
    return _log_softmax(x, axis=axis)
