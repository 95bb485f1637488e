"""sqrt: the square root."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Sqrt(Unary):
    formula = r"y = \sqrt{x}"
    gradient_formula = r"\bar x = \frac{\bar y}{2 y}"
    saves_inputs, saves_output = (), True
    ufunc = np.sqrt

    def reference(self, x):
        return np.sqrt(x)

    def gradient(self, step, gy):
        y = step.output
        return gy / (y * 2.0)


_sqrt = Sqrt()


def sqrt(x):
    """Square root of every entry; NaN below 0. The gradient at 0 is infinite.

    Examples
    --------
    >>> sqrt([4.0, 9.0]).tolist()
    [2.0, 3.0]
    """
    return _sqrt(x)
