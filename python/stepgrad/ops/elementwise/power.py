"""power: a to the b."""

from __future__ import annotations

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.ops.elementwise.square import square
from stepgrad.ops.op import Op
from stepgrad.tape.state import public


class Power(Op):
    formula = r"y = a^{b}"
    gradient_formula = r"\bar a = \bar y \odot b\, a^{b-1},\quad \bar b = \bar y \odot y \ln a"
    promote = "same"
    saves_output = True
    ufunc = np.power

    def reference(self, a, b):
        if a.dtype.kind == "i" and (b < 0).any():
            raise ArgumentError(
                "an integer to a negative power is a fraction",
                got=f"{a.dtype} ** {b.dtype}",
                fix="use floats: x * 1.0",
            )
        return np.power(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        ga = gb = None
        if step.needs(0):  # for b = 0 the exponent b - 1 would make 0 * inf of a = 0
            ga = gy * b * _power(a, public["where"](b == 0.0, 0.0, b - 1.0))
        if step.needs(1):  # 0 ** b stays 0 when b moves; the logarithm of 0 must not be asked for
            gb = gy * step.output * public["log"](public["where"](a == 0.0, 1.0, a))
        return ga, gb


_power = Power()


def power(x1, x2):
    """Raise `x1` to the power `x2`, broadcasting as NumPy does.

    A negative number to a power that is not whole is NaN, and so is its gradient with respect to the power.

    Examples
    --------
    >>> power([2.0, 3.0], 3.0).tolist()
    [8.0, 27.0]
    """
    if isinstance(x2, int | float) and x2 == 2:  # by far the most frequent power, and much cheaper
        return square(x1) * 1.0 if isinstance(x2, float) and _is_integer(x1) else square(x1)
    return _power(x1, x2)


def _is_integer(x):
    return np.dtype(getattr(x, "dtype", np.float32)).kind in "iu"
