"""nextafter: the neighbour among the floats."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op


class Nextafter(Op):
    formula = r"y = \min\{z : z > a\} \text{ for } b > a,\ \max\{z : z < a\} \text{ for } b < a"
    gradient_formula = r"\text{none offered: it is about the grid of floats}"
    differentiable = False
    ufunc = np.nextafter

    def reference(self, a, b):
        return np.nextafter(a, b)


_nextafter = Nextafter()


def nextafter(x1, x2):
    """The float next to `x1` on the way to `x2`.

    Examples
    --------
    >>> nextafter(1.0, 2.0).item() - 1.0
    1.1920928955078125e-07
    """
    return _nextafter(x1, x2)
