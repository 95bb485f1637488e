"""arcsin: the angle with this sine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Arcsin(Unary):
    formula = r"y = \arcsin x"
    gradient_formula = r"\bar x = \frac{\bar y}{\sqrt{1 - x^{2}}}"
    ufunc = np.arcsin

    def reference(self, x):
        return np.arcsin(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["rsqrt"](1.0 - x * x)


_arcsin = Arcsin()


def arcsin(x):
    """Angle between -pi/2 and pi/2 whose sine is x; NaN outside -1 to 1.

    Examples
    --------
    >>> arcsin([0.0]).tolist()
    [0.0]
    """
    return _arcsin(x)
