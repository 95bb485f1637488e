"""softplus: a smooth relu."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Softplus(Unary):
    formula = r"y = \ln(1 + e^{x})"
    gradient_formula = r"\bar x = \bar y \odot \sigma(x)"

    def reference(self, x):
        return np.logaddexp(x, np.zeros((), x.dtype))  # does not overflow for large x

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * public["sigmoid"](x)


_softplus = Softplus()


def softplus(x):
    """Smooth relu: log(1 + exp(x)), computed without overflow.

    Examples
    --------
    >>> round(softplus([0.0]).item(), 4)
    0.6931
    """
    return _softplus(x)
