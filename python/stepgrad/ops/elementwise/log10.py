"""log10: the logarithm to base 10."""

from __future__ import annotations

import math

import numpy as np

from stepgrad.ops.op import Unary


class Log10(Unary):
    formula = r"y = \log_{10} x"
    gradient_formula = r"\bar x = \frac{\bar y}{x \ln 10}"
    ufunc = np.log10

    def reference(self, x):
        return np.log10(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / (x * math.log(10.0))


_log10 = Log10()


def log10(x):
    """Logarithm to base 10 of every entry.

    Examples
    --------
    >>> log10([1.0, 100.0]).numpy().round(5).tolist()
    [0.0, 2.0]
    """
    return _log10(x)
