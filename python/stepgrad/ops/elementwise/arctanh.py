"""arctanh: the number with this hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Arctanh(Unary):
    formula = r"y = \mathrm{arctanh}\, x"
    gradient_formula = r"\bar x = \frac{\bar y}{1 - x^{2}}"
    ufunc = np.arctanh

    def reference(self, x):
        return np.arctanh(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / (1.0 - x * x)


_arctanh = Arctanh()


def arctanh(x):
    """Inverse of tanh, for entries between -1 and 1.

    Examples
    --------
    >>> arctanh([0.0]).tolist()
    [0.0]
    """
    return _arctanh(x)
