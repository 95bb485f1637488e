"""sinh: the hyperbolic sine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Sinh(Unary):
    formula = r"y = \sinh x"
    gradient_formula = r"\bar x = \bar y \odot \cosh x"
    ufunc = np.sinh

    def reference(self, x):
        return np.sinh(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["cosh"](x)


_sinh = Sinh()


def sinh(x):
    """Hyperbolic sine of every entry.

    Examples
    --------
    >>> sinh([0.0]).tolist()
    [0.0]
    """
    return _sinh(x)
