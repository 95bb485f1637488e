"""i0: the modified Bessel function of order 0, which Kaiser's window is made of."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary


class I0(Unary):
    name = "i0"
    formula = r"y = \sum_k \frac{(x^2 / 4)^k}{(k!)^2}"
    gradient_formula = r"\text{none offered: it is the Bessel function of order 1}"
    differentiable = False

    def reference(self, x):
        return np.i0(x.astype(np.float64)).astype(x.dtype).reshape(x.shape)


_i0 = I0()


def i0(x):
    """Modified Bessel function of the first kind, order 0. It has no gradient here.

    Examples
    --------
    >>> i0([0.0]).tolist()
    [1.0]
    """
    return _i0(x)
