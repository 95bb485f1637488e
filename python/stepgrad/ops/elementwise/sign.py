"""sign: -1, 0 or 1."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.piecewise_constant import PiecewiseConstant


class Sign(PiecewiseConstant):
    formula = r"y = \operatorname{sign} x"
    promote = "same"
    ufunc = np.sign

    def reference(self, x):
        return np.sign(x)


_sign = Sign()


def sign(x):
    """Sign of every entry: -1, 0 or 1; NaN stays NaN. The gradient is 0.

    Examples
    --------
    >>> sign([-3.0, 0.0, 5.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    return _sign(x)
