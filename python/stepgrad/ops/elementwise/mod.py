"""mod: what is left of a after division by b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op
from stepgrad.tape.state import public


class Mod(Op):
    formula = r"y = a - b \lfloor a / b \rfloor"
    gradient_formula = r"\bar a = \bar y,\quad \bar b = -\bar y \odot \lfloor a / b \rfloor"
    promote = "same"
    ufunc = np.mod

    def reference(self, a, b):
        return np.mod(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        return gy, -gy * public["floor_divide"](a, b) if step.needs(1) else None


_mod = Mod()


def mod(x1, x2):
    """Remainder of `x1` after division by `x2`, with the sign of `x2`.

    Examples
    --------
    >>> mod([7, -7], 3).tolist()
    [1, 2]
    """
    return _mod(x1, x2)
