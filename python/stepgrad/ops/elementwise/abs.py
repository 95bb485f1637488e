"""abs: the absolute value."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Abs(Unary):
    formula = r"y = |x|"
    gradient_formula = r"\bar x = \bar y \odot \operatorname{sign} x"
    promote = "same"
    ufunc = np.absolute

    def reference(self, x):
        return np.absolute(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["sign"](x)


_abs = Abs()


def abs(x):
    """Absolute value of every entry. The gradient at 0 is 0.

    Examples
    --------
    >>> abs([-3.0, 2.0]).tolist()
    [3.0, 2.0]
    """
    return _abs(x)


absolute = abs
