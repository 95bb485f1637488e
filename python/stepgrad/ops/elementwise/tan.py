"""tan: the tangent."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Tan(Unary):
    formula = r"y = \tan x"
    gradient_formula = r"\bar x = \bar y \odot (1 + y^{2})"
    saves_inputs, saves_output = (), True
    ufunc = np.tan

    def reference(self, x):
        return np.tan(x)

    def gradient(self, step, gy):
        y = step.output
        return gy * (y * y + 1.0)


_tan = Tan()


def tan(x):
    """Tangent of every entry (radians).

    Examples
    --------
    >>> tan([0.0]).tolist()
    [0.0]
    """
    return _tan(x)
