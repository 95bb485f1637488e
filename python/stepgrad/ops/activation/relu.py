"""relu: max(x, 0), and its gradient."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.unary_gradient import UnaryGradient
from stepgrad.ops.op import Unary


class Relu(Unary):
    formula = r"y = \max(x, 0)"
    gradient_formula = r"\bar x = \bar y \odot [x > 0]"
    promote = "same"

    def reference(self, x):
        return np.where(x < 0, np.zeros((), x.dtype), x)  # np.maximum would give -0.0 either sign

    def gradient(self, step, gy):
        (x,) = step.inputs
        return _relu_gradient(x, gy)


class ReluGradient(UnaryGradient):
    formula = r"\bar x = \bar y \odot [x > 0]"
    gradient_formula = r"\bar{\bar y} = \bar{\bar x} \odot [x > 0]"
    saves_inputs = (0,)

    def reference(self, x, gy):
        return np.where(x > 0, gy, np.zeros((), gy.dtype))

    def gradient(self, step, ggx):
        x, _ = step.inputs
        return None, _relu_gradient(x, ggx)  # constant in x almost everywhere


_relu = Relu()
_relu_gradient = ReluGradient()


def relu(x):
    """Rectified linear unit: negative entries become 0, NaN stays NaN. The gradient at 0 is 0.

    Examples
    --------
    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return _relu(x)
