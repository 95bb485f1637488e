"""erfinv: the inverse of the error function."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public

_normal = NormalDist()


def _one(x: float) -> float:
    """Take the quantile of the normal distribution: erf^-1(x) = q((x + 1) / 2) / sqrt(2); one step of Newton's mends its digits."""
    if not -1 < x < 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    if abs(x) < 1e-6:
        return x * math.sqrt(math.pi) / 2
    y = _normal.inv_cdf((x + 1) / 2) / math.sqrt(2)
    missing = math.erf(y) - x if abs(x) < 0.5 else math.copysign((1 - abs(x)) - math.erfc(abs(y)), x)
    return y - missing * math.sqrt(math.pi) / 2 * math.exp(y * y)


_erfinv_of = np.frompyfunc(_one, 1, 1)


class Erfinv(Unary):
    formula = r"x = \mathrm{erf}(y)"
    gradient_formula = r"\bar x = \bar y \odot \frac{\sqrt{\pi}}{2} e^{y^{2}}"
    saves_inputs = ()
    saves_output = True

    def reference(self, x):
        return np.asarray(_erfinv_of(x), x.dtype)

    def gradient(self, step, gy):
        y = step.output
        return gy * (public["exp"](y * y) * (math.sqrt(math.pi) / 2))


_erfinv = Erfinv()


def erfinv(x):
    """Inverse of `erf`, for -1 < x < 1.

    Examples
    --------
    >>> erfinv([0.0, 1.0]).tolist()
    [0.0, inf]
    """
    return _erfinv(x)
