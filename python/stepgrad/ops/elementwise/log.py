"""log: the natural logarithm."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Log(Unary):
    formula = r"y = \ln x"
    gradient_formula = r"\bar x = \frac{\bar y}{x}"
    ufunc = np.log

    def reference(self, x):
        return np.log(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / x


_log = Log()


def log(x):
    """Natural logarithm of every entry; -inf at 0, NaN below.

    Examples
    --------
    >>> log([1.0]).tolist()
    [0.0]
    """
    return _log(x)
