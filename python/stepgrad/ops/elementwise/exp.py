"""exp: the exponential."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Exp(Unary):
    formula = r"y = e^{x}"
    gradient_formula = r"\bar x = \bar y \odot y"
    saves_inputs, saves_output = (), True
    ufunc = np.exp

    def reference(self, x):
        return np.exp(x)

    def gradient(self, step, gy):
        return gy * step.output


_exp = Exp()


def exp(x):
    """Exponential of every entry.

    Examples
    --------
    >>> exp([0.0]).tolist()
    [1.0]
    """
    return _exp(x)
