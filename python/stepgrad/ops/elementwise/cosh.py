"""cosh: the hyperbolic cosine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Cosh(Unary):
    formula = r"y = \cosh x"
    gradient_formula = r"\bar x = \bar y \odot \sinh x"
    ufunc = np.cosh

    def reference(self, x):
        return np.cosh(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["sinh"](x)


_cosh = Cosh()


def cosh(x):
    """Hyperbolic cosine of every entry.

    Examples
    --------
    >>> cosh([0.0]).tolist()
    [1.0]
    """
    return _cosh(x)
