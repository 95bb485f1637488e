"""relu6: relu with a ceiling at 6."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Relu6(Unary):
    formula = r"y = \min(\max(x, 0), 6)"
    gradient_formula = r"\bar x = \bar y \odot [0 < x < 6]"
    promote = "same"

    def reference(self, x):
        return np.minimum(np.where(x < 0, x.dtype.type(0), x), x.dtype.type(6))

    def gradient(self, step, gy):
        (x,) = step.inputs
        return public["where"](public["logical_and"](x > 0.0, x < 6.0), gy, 0.0)


_relu6 = Relu6()


def relu6(x):
    """Rectified linear unit with a ceiling: min(max(x, 0), 6). The gradient at 0 and at 6 is 0.

    Examples
    --------
    >>> relu6([-1.0, 2.0, 9.0]).tolist()
    [0.0, 2.0, 6.0]
    """
    return _relu6(x)
