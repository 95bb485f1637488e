"""floor_divide: the whole part of a / b, rounded down."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.piecewise_constant import PiecewiseConstant


class FloorDivide(PiecewiseConstant):
    formula = r"y = \lfloor a / b \rfloor"
    promote = "same"
    ufunc = np.floor_divide

    def reference(self, a, b):
        return np.floor_divide(a, b)


_floor_divide = FloorDivide()


def floor_divide(x1, x2):
    """Divide and round down, broadcasting as NumPy does. The gradient is 0.

    Examples
    --------
    >>> floor_divide([7, -7], 2).tolist()
    [3, -4]
    """
    return _floor_divide(x1, x2)
