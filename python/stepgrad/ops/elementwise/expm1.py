"""expm1: e^x - 1 without losing the digits of small x."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Expm1(Unary):
    formula = r"y = e^{x} - 1"
    gradient_formula = r"\bar x = \bar y \odot (y + 1)"
    saves_inputs, saves_output = (), True
    ufunc = np.expm1

    def reference(self, x):
        return np.expm1(x)

    def gradient(self, step, gy):
        y = step.output
        return gy * (y + 1.0)


_expm1 = Expm1()


def expm1(x):
    """Exponential minus 1, exact for small entries too.

    Examples
    --------
    >>> expm1([0.0]).tolist()
    [0.0]
    """
    return _expm1(x)
