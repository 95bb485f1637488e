"""cbrt: the cube root."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class Cbrt(Unary):
    formula = r"y = \sqrt[3]{x}"
    gradient_formula = r"\bar x = \bar y / (3 y^2)"
    saves_inputs = ()
    saves_output = True
    ufunc = np.cbrt

    def reference(self, x):
        return np.cbrt(x)

    def gradient(self, step, gy):
        y = step.output
        return gy / (y * y * 3.0)


_cbrt = Cbrt()


def cbrt(x):
    """Cube root of every entry; negative ones have one, too.

    Examples
    --------
    >>> cbrt([8.0, -1.0]).tolist()
    [2.0, -1.0]
    """
    return _cbrt(x)
