"""softsign: squeeze numbers between -1 and 1 with a division."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Softsign(Unary):
    formula = r"y = \frac{x}{1 + |x|}"
    gradient_formula = r"\bar x = \frac{\bar y}{(1 + |x|)^{2}}"

    def reference(self, x):
        return x / (1 + np.abs(x))

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy / public["square"](public["abs"](x) + 1.0)


_softsign = Softsign()


def softsign(x):
    """x / (1 + |x|).

    Examples
    --------
    >>> softsign([1.0, -3.0]).tolist()
    [0.5, -0.75]
    """
    return _softsign(x)
