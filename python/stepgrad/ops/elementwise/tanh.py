"""tanh: the hyperbolic tangent, and its gradient."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.elementwise.unary_gradient import UnaryGradient
from stepgrad.ops.op import Unary


class Tanh(Unary):
    formula = r"y = \tanh x"
    gradient_formula = r"\bar x = \bar y \odot (1 - y^{2})"
    saves_inputs, saves_output = (), True
    ufunc = np.tanh

    def reference(self, x):
        return np.tanh(x)

    def gradient(self, step, gy):
        return _tanh_gradient(step.output, gy)


class TanhGradient(UnaryGradient):
    formula = r"\bar x = \bar y \odot (1 - y^{2})"
    gradient_formula = (
        r"\bar{y} = -2 \bar{\bar x} \odot \bar y \odot y,\quad \bar{\bar y} = \bar{\bar x} \odot (1 - y^{2})"
    )

    def reference(self, y, gy):
        return gy * (1 - y * y)

    def gradient(self, step, ggx):
        y, gy = step.inputs
        return ggx * gy * y * -2.0, _tanh_gradient(y, ggx)


_tanh = Tanh()
_tanh_gradient = TanhGradient()


def tanh(x):
    """Hyperbolic tangent of every entry, between -1 and 1.

    Examples
    --------
    >>> tanh([0.0]).tolist()
    [0.0]
    """
    return _tanh(x)
