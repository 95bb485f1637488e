"""elu: exponential linear unit."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Elu(Unary):
    formula = r"y = x \text{ where } x > 0,\ \alpha (e^{x} - 1) \text{ elsewhere}"
    gradient_formula = r"\bar x = \bar y \text{ where } x > 0,\ \alpha e^{x} \odot \bar y \text{ elsewhere}"

    def reference(self, x, alpha=1.0):
        low = np.expm1(np.minimum(x, np.zeros((), x.dtype)))  # the side that is not used must not overflow
        return np.where(x > 0, x, low * x.dtype.type(alpha))

    def gradient(self, step, gy):
        (x,) = step.inputs
        low = public["exp"](public["minimum"](x, 0.0)) * step.attrs["alpha"]
        return public["where"](x > 0.0, gy, gy * low)


_elu = Elu()


def elu(x, alpha=1.0):
    """Exponential linear unit: x above 0, alpha * (exp(x) - 1) below.

    Source: Clevert et al. 2016, arXiv:1511.07289.

    Examples
    --------
    >>> elu([0.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return _elu(x, alpha=float(alpha))
