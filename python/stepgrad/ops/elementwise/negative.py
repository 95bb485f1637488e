"""negative: -x."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Negative(Unary):
    formula = r"y = -x"
    gradient_formula = r"\bar x = -\bar y"
    saves_inputs = ()
    promote = "same"
    ufunc = np.negative

    def reference(self, x):
        return np.negative(x)

    def gradient(self, step, gy):
        return -gy


_negative = Negative()


def negative(x):
    """Negative of every entry.

    Examples
    --------
    >>> negative([1.0, -2.0]).tolist()
    [-1.0, 2.0]
    """
    return _negative(x)
