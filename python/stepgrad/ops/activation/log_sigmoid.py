"""log_sigmoid: the logarithm of the sigmoid."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class LogSigmoid(Unary):
    formula = r"y = \ln \sigma(x) = -\ln(1 + e^{-x})"
    gradient_formula = r"\bar x = \bar y \odot \sigma(-x)"

    def reference(self, x):
        return -np.logaddexp(-x, np.zeros((), x.dtype))

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["sigmoid"](-x)


_log_sigmoid = LogSigmoid()


def log_sigmoid(x):
    """Logarithm of the sigmoid, finite also where the sigmoid itself would round to 0.

    Examples
    --------
    >>> log_sigmoid([-200.0]).tolist()
    [-200.0]
    """
    return _log_sigmoid(x)
