"""arccos: the angle with this cosine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Arccos(Unary):
    formula = r"y = \arccos x"
    gradient_formula = r"\bar x = -\frac{\bar y}{\sqrt{1 - x^{2}}}"
    ufunc = np.arccos

    def reference(self, x):
        return np.arccos(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return -gy * public["rsqrt"](1.0 - x * x)


_arccos = Arccos()


def arccos(x):
    """Angle between 0 and pi whose cosine is x; NaN outside -1 to 1.

    Examples
    --------
    >>> arccos([1.0]).tolist()
    [0.0]
    """
    return _arccos(x)
