"""silu: x times its sigmoid; also called swish."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.activation.gated import gated_slope, stable_sigmoid
from stepgrad.ops.elementwise.unary_gradient import UnaryGradient
from stepgrad.ops.op import Unary
from stepgrad.tape.state import public


class Silu(Unary):
    formula = r"y = x\, \sigma(x)"
    gradient_formula = r"\bar x = \bar y \odot \sigma(x) (1 + x (1 - \sigma(x)))"

    def reference(self, x):
        return x * stable_sigmoid(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return _silu_gradient(x, gy)


class SiluGradient(UnaryGradient):
    formula = Silu.gradient_formula
    gradient_formula = (
        r"\bar x' = \bar{\bar x} \odot \bar y \odot s (1 - s) (2 + x (1 - 2s)),\quad"
        r" \bar{\bar y} = \bar{\bar x} \odot s (1 + x (1 - s)),\quad s = \sigma(x)"
    )

    def reference(self, x, gy):
        x = np.clip(x, -800, 800)  # beyond, the slope is 0 or 1 in double too; infinity * 0 would be NaN
        return gy * gated_slope(x, x, np.ones((), x.dtype))

    def gradient(self, step, ggx):
        x, gy = step.inputs
        s = public["sigmoid"](x)
        return ggx * gy * s * (1.0 - s) * (x * (1.0 - 2.0 * s) + 2.0), _silu_gradient(x, ggx)


_silu, _silu_gradient = Silu(), SiluGradient()


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
