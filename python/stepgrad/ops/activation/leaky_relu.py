"""leaky_relu: relu that lets a little of the negative side through."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class LeakyRelu(Unary):
    formula = r"y = x \text{ where } x > 0,\ s x \text{ elsewhere}"
    gradient_formula = r"\bar x = \bar y \text{ where } x > 0,\ s \bar y \text{ elsewhere}"

    def reference(self, x, negative_slope=0.2):
        return np.where(x > 0, x, x * x.dtype.type(negative_slope))

    def gradient(self, step, gy):
        (x,) = step.inputs
        return public["where"](x > 0.0, gy, gy * step.attrs["negative_slope"])


_leaky_relu = LeakyRelu()


def leaky_relu(x, negative_slope=0.2):
    """Rectified linear unit whose negative side has the slope `negative_slope`.

    Examples
    --------
    >>> leaky_relu([-1.0, 2.0], negative_slope=0.5).tolist()
    [-0.5, 2.0]
    """
    return _leaky_relu(x, negative_slope=float(negative_slope))
