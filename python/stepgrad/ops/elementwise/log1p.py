"""log1p: ln(1 + x) without losing the digits of small x."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Log1p(Unary):
    formula = r"y = \ln(1 + x)"
    gradient_formula = r"\bar x = \frac{\bar y}{1 + x}"
    ufunc = np.log1p

    def reference(self, x):
        return np.log1p(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / (x + 1.0)


_log1p = Log1p()


def log1p(x):
    """Natural logarithm of 1 + x, exact for small entries too.

    Examples
    --------
    >>> log1p([0.0]).tolist()
    [0.0]
    """
    return _log1p(x)
