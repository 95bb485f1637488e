"""rsqrt: one over the square root."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Rsqrt(Unary):
    formula = r"y = \frac{1}{\sqrt{x}}"
    gradient_formula = r"\bar x = -\tfrac{1}{2} \bar y \odot y^{3}"
    saves_inputs, saves_output = (), True

    def reference(self, x):
        return 1 / np.sqrt(x)

    def gradient(self, step, gy):
        y = step.output
        return gy * -0.5 * (y * y * y)


_rsqrt = Rsqrt()


def rsqrt(x):
    """One over the square root of every entry.

    Examples
    --------
    >>> rsqrt([4.0]).tolist()
    [0.5]
    """
    return _rsqrt(x)
