"""square: x times x."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Square(Unary):
    formula = r"y = x^2"
    gradient_formula = r"\bar x = 2 \bar y \odot x"
    promote = "same"
    ufunc = np.square

    def reference(self, x):
        return np.square(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * (x * 2.0)


_square = Square()


def square(x):
    """Square of every entry.

    Examples
    --------
    >>> square([3.0, -2.0]).tolist()
    [9.0, 4.0]
    """
    return _square(x)
