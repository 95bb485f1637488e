"""logaddexp: the logarithm of a sum of exponentials."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op
from stepgrad.tape.state import public


class Logaddexp(Op):
    formula = r"y = \ln(e^a + e^b)"
    gradient_formula = r"\bar a = \bar y \odot \sigma(a - b),\quad \bar b = \bar y \odot \sigma(b - a)"
    ufunc = np.logaddexp

    def reference(self, a, b):
        return np.logaddexp(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        return (
            gy * public["sigmoid"](a - b) if step.needs(0) else None,
            gy * public["sigmoid"](b - a) if step.needs(1) else None,
        )


_logaddexp = Logaddexp()


def logaddexp(x1, x2):
    """Return ``log(exp(x1) + exp(x2))`` without overflow.

    Examples
    --------
    >>> logaddexp(1000.0, -1000.0).item()
    1000.0
    """
    return _logaddexp(x1, x2)
