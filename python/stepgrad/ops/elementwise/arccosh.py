"""arccosh: the number with this hyperbolic cosine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Arccosh(Unary):
    formula = r"y = \mathrm{arccosh}\, x"
    gradient_formula = r"\bar x = \frac{\bar y}{\sqrt{x^{2} - 1}}"
    ufunc = np.arccosh

    def reference(self, x):
        return np.arccosh(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["rsqrt"](x * x - 1.0)


_arccosh = Arccosh()


def arccosh(x):
    """Inverse of cosh, for entries of at least 1; NaN below.

    Examples
    --------
    >>> arccosh([1.0]).tolist()
    [0.0]
    """
    return _arccosh(x)
