"""hypot: the long side of a right triangle."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op
from stepgrad.tape.state import public


class Hypot(Op):
    formula = r"y = \sqrt{a^2 + b^2}"
    gradient_formula = r"\bar a = \bar y \odot a / y,\quad \bar b = \bar y \odot b / y"
    saves_output = True
    ufunc = np.hypot

    def reference(self, a, b):
        return np.hypot(a, b)

    def gradient(self, step, gy):
        share = gy / public["where"](step.output == 0.0, 1.0, step.output)  # a and b are 0 there
        return tuple([x * share if step.needs(i) else None for i, x in enumerate(step.inputs)])


_hypot = Hypot()


def hypot(x1, x2):
    """Length of the vector (x1, x2), without overflow of the squares. At 0 the gradient is 0.

    Examples
    --------
    >>> hypot(3.0, 4.0).item()
    5.0
    """
    return _hypot(x1, x2)
