"""heaviside: the step function."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.piecewise_constant import PiecewiseConstant


class Heaviside(PiecewiseConstant):
    formula = r"y = [x > 0] + h\,[x = 0]"
    gradient_formula = r"\bar x = \bar h = 0"
    promote = "same"
    ufunc = np.heaviside
    differentiable = False

    def reference(self, x, at_zero):
        dtype = np.result_type(x.dtype, at_zero.dtype)
        return np.heaviside(x, at_zero).astype(dtype)


_heaviside = Heaviside()


def heaviside(x1, x2):
    """0 where `x1` is negative, 1 where it is positive, and `x2` where it is 0. It has no gradient.

    Examples
    --------
    >>> heaviside([-2.0, 0.0, 3.0], 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    return _heaviside(x1, x2)
