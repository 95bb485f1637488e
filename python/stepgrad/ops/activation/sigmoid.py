"""sigmoid: squeeze numbers between 0 and 1, and its gradient."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.unary_gradient import UnaryGradient
from stepgrad.ops.op import Unary


class Sigmoid(Unary):
    formula = r"y = \frac{1}{1 + e^{-x}}"
    gradient_formula = r"\bar x = \bar y \odot y \odot (1 - y)"
    saves_inputs, saves_output = (), True

    def reference(self, x):
        e = np.exp(-np.abs(x))  # at most 1: it never overflows
        return np.where(x < 0, e, np.ones((), x.dtype)) / (1 + e)

    def gradient(self, step, gy):
        return _sigmoid_gradient(step.output, gy)


class SigmoidGradient(UnaryGradient):
    formula = r"\bar x = \bar y \odot y \odot (1 - y)"
    gradient_formula = r"\bar{y} = \bar{\bar x} \odot \bar y \odot (1 - 2 y),\quad \bar{\bar y} = \bar{\bar x} \odot y \odot (1 - y)"

    def reference(self, y, gy):
        return gy * (y * (1 - y))

    def gradient(self, step, ggx):
        y, gy = step.inputs
        return ggx * gy * (1.0 - y * 2.0), _sigmoid_gradient(y, ggx)


_sigmoid = Sigmoid()
_sigmoid_gradient = SigmoidGradient()


def sigmoid(x):
    """Logistic function 1 / (1 + exp(-x)), computed without overflow.

    Examples
    --------
    >>> sigmoid([0.0]).tolist()
    [0.5]
    """
    return _sigmoid(x)
