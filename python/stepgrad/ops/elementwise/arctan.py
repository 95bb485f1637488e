"""arctan: the angle with this tangent."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Arctan(Unary):
    formula = r"y = \arctan x"
    gradient_formula = r"\bar x = \frac{\bar y}{1 + x^{2}}"
    ufunc = np.arctan

    def reference(self, x):
        return np.arctan(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / (x * x + 1.0)


_arctan = Arctan()


def arctan(x):
    """Angle between -pi/2 and pi/2 whose tangent is x.

    Examples
    --------
    >>> arctan([0.0]).tolist()
    [0.0]
    """
    return _arctan(x)
