"""clip: keep entries between two bounds."""

from __future__ import annotations

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError
from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Clip(Unary):
    formula = r"y = \min(\max(x, l), u)"
    gradient_formula = r"\bar x = \bar y \odot [l \le x \le u]"
    promote = "same"

    def reference(self, x, x_min, x_max):
        return np.clip(x, x_min, x_max)

    def gradient(self, step, gy):
        (x,) = step.inputs
        inside = public["logical_and"](x >= step.attrs["x_min"], x <= step.attrs["x_max"])
        return public["where"](inside, gy, 0.0)


_clip = Clip()


def clip(x, x_min, x_max):
    """Replace entries below `x_min` by it, and entries above `x_max` by that. NaN stays NaN.

    The gradient passes between the bounds and on them, and is 0 outside. Bounds may be tensors, too.

    Parameters
    ----------
    x : tensor
    x_min, x_max : number or tensor

    Raises
    ------
    ArgumentError
        If x_min is above x_max.

    Examples
    --------
    >>> clip([-1.0, 0.5, 2.0], 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    if not (isinstance(x_min, int | float) and isinstance(x_max, int | float)):
        return public["minimum"](public["maximum"](x, x_min), x_max)
    if x_min > x_max:
        raise ArgumentError(
            "the bounds are the wrong way round",
            op="clip",
            expected="x_min <= x_max",
            got=f"{x_min} > {x_max}",
        )
    if isinstance(x_min, float) or isinstance(x_max, float):
        x = x if np.dtype(getattr(x, "dtype", np.float32)).kind == "f" else public["cast"](x, config.floatx())
    return _clip(x, x_min=x_min, x_max=x_max)
