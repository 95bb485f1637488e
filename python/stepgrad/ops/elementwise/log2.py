"""log2: the logarithm to base 2."""

from __future__ import annotations

import math

import numpy as np

from stepgrad.ops.op import Unary


class Log2(Unary):
    formula = r"y = \log_2 x"
    gradient_formula = r"\bar x = \frac{\bar y}{x \ln 2}"
    ufunc = np.log2

    def reference(self, x):
        return np.log2(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / (x * math.log(2.0))


_log2 = Log2()


def log2(x):
    """Logarithm to base 2 of every entry.

    Examples
    --------
    >>> log2([8.0]).tolist()
    [3.0]
    """
    return _log2(x)
