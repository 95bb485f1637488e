"""sin: the sine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Sin(Unary):
    formula = r"y = \sin x"
    gradient_formula = r"\bar x = \bar y \odot \cos x"
    ufunc = np.sin

    def reference(self, x):
        return np.sin(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["cos"](x)


_sin = Sin()


def sin(x):
    """Sine of every entry (radians).

    Examples
    --------
    >>> sin([0.0]).tolist()
    [0.0]
    """
    return _sin(x)
