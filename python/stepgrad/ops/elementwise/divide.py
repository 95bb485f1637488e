"""divide: a / b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Binary


class Divide(Binary):
    formula = r"y = \frac{a}{b}"
    gradient_formula = r"\bar a = \frac{\bar y}{b},\quad \bar b = -\frac{\bar y \odot a}{b^{2}}"
    promote = "float"
    ufunc = np.divide

    def reference(self, a, b):
        return np.divide(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        ga = gy / b
        return ga, -(ga * a) / b if step.needs(1) else None


_divide = Divide()


def divide(x1, x2):
    """Divide `x1` by `x2`, broadcasting as NumPy does; integers become floats.

    Examples
    --------
    >>> divide([3.0, 1.0], 2.0).tolist()
    [1.5, 0.5]
    """
    return _divide(x1, x2)


true_divide = divide
