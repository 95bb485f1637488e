"""minimum: the smaller of two entries."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Binary
from stepgrad.tape.state import public


class Minimum(Binary):
    formula = r"y = \min(a, b)"
    gradient_formula = (
        r"\bar a = \bar y \odot ([a < b] + \tfrac{1}{2} [a = b]),\quad \bar b = \bar y - \bar a"
    )
    ufunc = np.minimum

    def reference(self, a, b):
        return np.minimum(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        tie = public["where"](a == b, gy * 0.5, 0.0)
        return public["where"](a < b, gy, tie), public["where"](b < a, gy, tie)


_minimum = Minimum()


def minimum(x1, x2):
    """Take the smaller of two entries, broadcasting as NumPy does; a NaN on either side wins.

    The gradient goes to the smaller entry; where both are equal, half of it to each.

    Examples
    --------
    >>> minimum([1.0, 5.0], [3.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return _minimum(x1, x2)
