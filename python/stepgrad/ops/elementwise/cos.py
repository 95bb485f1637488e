"""cos: the cosine."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Cos(Unary):
    formula = r"y = \cos x"
    gradient_formula = r"\bar x = -\bar y \odot \sin x"
    ufunc = np.cos

    def reference(self, x):
        return np.cos(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return -gy * public["sin"](x)


_cos = Cos()


def cos(x):
    """Cosine of every entry (radians).

    Examples
    --------
    >>> cos([0.0]).tolist()
    [1.0]
    """
    return _cos(x)
