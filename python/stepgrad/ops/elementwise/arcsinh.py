"""arcsinh: the number with this hyperbolic sine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Arcsinh(Unary):
    formula = r"y = \mathrm{arcsinh}\, x"
    gradient_formula = r"\bar x = \frac{\bar y}{\sqrt{x^{2} + 1}}"
    ufunc = np.arcsinh

    def reference(self, x):
        return np.arcsinh(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["rsqrt"](x * x + 1.0)


_arcsinh = Arcsinh()


def arcsinh(x):
    """Inverse of sinh.

    Examples
    --------
    >>> arcsinh([0.0]).tolist()
    [0.0]
    """
    return _arcsinh(x)
