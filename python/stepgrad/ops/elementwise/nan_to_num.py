"""nan_to_num: replace NaN and infinities by numbers."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class NanToNum(Unary):
    formula = r"y = x \text{ where } |x| < \infty,\ \text{a given number elsewhere}"
    gradient_formula = r"\bar x = \bar y \odot [|x| < \infty]"
    promote = "same"

    def reference(self, x, nan=0.0, posinf=None, neginf=None):
        return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return public["where"](public["isfinite"](x), gy, 0.0)


_nan_to_num = NanToNum()


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Replace NaN by `nan`, and infinities by `posinf` and `neginf`; the gradient of a replaced entry is 0.

    Without `posinf` and `neginf` the largest and smallest numbers of the dtype are used.

    Examples
    --------
    >>> nan_to_num([1.0, float("nan"), float("inf")], posinf=9.0).tolist()
    [1.0, 0.0, 9.0]
    """
    return _nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
