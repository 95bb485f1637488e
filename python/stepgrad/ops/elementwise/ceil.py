"""ceil: the next whole number above."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.piecewise_constant import PiecewiseConstant


class Ceil(PiecewiseConstant):
    formula = r"y = \lceil x \rceil"
    ufunc = np.ceil

    def reference(self, x):
        return np.ceil(x)


_ceil = Ceil()


def ceil(x):
    """Round every entry up. The gradient is 0.

    Examples
    --------
    >>> ceil([1.2, -1.7]).tolist()
    [2.0, -1.0]
    """
    return _ceil(x)
