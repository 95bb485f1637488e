"""arctan2: the angle of the point (b, a)."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op


class Arctan2(Op):
    formula = r"y = \operatorname{atan2}(a, b)"
    gradient_formula = (
        r"\bar a = \bar y \odot \frac{b}{a^{2} + b^{2}},\quad \bar b = -\bar y \odot \frac{a}{a^{2} + b^{2}}"
    )
    ufunc = np.arctan2

    def reference(self, a, b):
        return np.arctan2(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        g = gy / (a * a + b * b)
        return g * b, -g * a


_arctan2 = Arctan2()


def arctan2(x1, x2):
    """Angle between -pi and pi of the point with height `x1` and width `x2`.

    Examples
    --------
    >>> arctan2([0.0], [1.0]).tolist()
    [0.0]
    """
    return _arctan2(x1, x2)
