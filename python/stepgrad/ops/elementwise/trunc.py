"""trunc: cut the digits behind the point."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.piecewise_constant import PiecewiseConstant


class Trunc(PiecewiseConstant):
    formula = r"y = \operatorname{sign}(x) \lfloor |x| \rfloor"
    promote = "same"
    ufunc = np.trunc

    def reference(self, x):
        return np.trunc(x)


_trunc = Trunc()


def trunc(x):
    """Round every entry towards 0. The gradient is 0.

    Examples
    --------
    >>> trunc([1.7, -1.7]).tolist()
    [1.0, -1.0]
    """
    return _trunc(x)
