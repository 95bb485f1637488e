"""subtract: a - b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Binary


class Subtract(Binary):
    formula = r"y = a - b"
    gradient_formula = r"\bar a = \bar y,\quad \bar b = -\bar y"
    saves_inputs = ()
    ufunc = np.subtract

    def reference(self, a, b):
        return np.subtract(a, b)

    def gradient(self, step, gy):
        return gy, -gy if step.needs(1) else None


_subtract = Subtract()


def subtract(x1, x2):
    """Subtract `x2` from `x1`, broadcasting as NumPy does.

    Examples
    --------
    >>> subtract([3.0, 2.0], 1.0).tolist()
    [2.0, 1.0]
    """
    return _subtract(x1, x2)
