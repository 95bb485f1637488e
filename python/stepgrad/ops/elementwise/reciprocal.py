"""reciprocal: 1 / x."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Reciprocal(Unary):
    formula = r"y = \frac{1}{x}"
    gradient_formula = r"\bar x = -\bar y \odot y^{2}"
    saves_inputs, saves_output = (), True
    ufunc = np.reciprocal

    def reference(self, x):
        return np.reciprocal(x)

    def gradient(self, step, gy):
        y = step.output
        return -gy * (y * y)


_reciprocal = Reciprocal()


def reciprocal(x):
    """One over every entry; integers become floats.

    Examples
    --------
    >>> reciprocal([4.0]).tolist()
    [0.25]
    """
    return _reciprocal(x)
