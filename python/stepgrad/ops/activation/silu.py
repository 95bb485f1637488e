"""silu: x times its sigmoid; also called swish."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Silu(Unary):
    formula = r"y = x\, \sigma(x)"
    gradient_formula = r"\bar x = \bar y \odot \sigma(x) (1 + x (1 - \sigma(x)))"

    def reference(self, x):
        e = np.exp(-np.abs(x))
        return x * (np.where(x < 0, e, np.ones((), x.dtype)) / (1 + e))

    def gradient(self, step, gy):
        (x,) = step.inputs
        s = public["sigmoid"](x)
        return gy * (s * (x * (1.0 - s) + 1.0))


_silu = Silu()


def silu(x):
    """Sigmoid linear unit: x * sigmoid(x).

    Source: Ramachandran et al. 2017, arXiv:1710.05941.

    Examples
    --------
    >>> round(silu([1.0]).item(), 4)
    0.7311
    """
    return _silu(x)


swish = silu
