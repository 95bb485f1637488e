"""floor: the next whole number below."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.piecewise_constant import PiecewiseConstant


class Floor(PiecewiseConstant):
    formula = r"y = \lfloor x \rfloor"
    ufunc = np.floor

    def reference(self, x):
        return np.floor(x)


_floor = Floor()


def floor(x):
    """Round every entry down. The gradient is 0.

    Examples
    --------
    >>> floor([1.7, -1.2]).tolist()
    [1.0, -2.0]
    """
    return _floor(x)
