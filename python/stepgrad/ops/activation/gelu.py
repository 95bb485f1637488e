"""gelu: x weighed by the chance that a normal number is smaller; exact, and with tanh."""

from __future__ import annotations

import math

import numpy as np

from stepgrad.ops.activation.gated import gated_slope, stable_sigmoid
from stepgrad.ops.elementwise.unary_gradient import UnaryGradient
from stepgrad.ops.op import Unary
from stepgrad.tape.state import public

_erfc_of = np.frompyfunc(math.erfc, 1, 1)  # erfc keeps the digits of the left tail, where 1 + erf cancels
_C = math.sqrt(2 / math.pi)
_CUBE = 0.044715


class Gelu(Unary):
    formula = r"y = x\, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)"
    gradient_formula = r"\bar x = \bar y \odot \left(\Phi(x) + \frac{x}{\sqrt{2 \pi}} e^{-x^{2}/2}\right)"

    def reference(self, x):
        return x * _chance(x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return _gelu_gradient(x, gy)


class GeluGradient(UnaryGradient):
    formula = Gelu.gradient_formula
    gradient_formula = (
        r"\bar x' = \bar{\bar x} \odot \bar y \odot (2 - x^{2}) \frac{e^{-x^{2}/2}}{\sqrt{2 \pi}},\quad"
        r" \bar{\bar y} = \bar{\bar x} \odot \left(\Phi(x) + \frac{x}{\sqrt{2 \pi}} e^{-x^{2}/2}\right)"
    )

    def reference(self, x, gy):
        x = np.clip(x, -40, 40)  # beyond, the slope is 0 or 1 in double too; infinity * 0 would be NaN
        return gy * (_chance(x) + x * np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi)))

    def gradient(self, step, ggx):
        x, gy = step.inputs
        density = public["exp"](x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return ggx * gy * density * (2.0 - x * x), _gelu_gradient(x, ggx)


class GeluTanh(Unary):
    formula = (
        r"y = \frac{x}{2} (1 + \tanh u) = x\, \sigma(2u),\quad u = \sqrt{2/\pi}\, (x + 0.044715\, x^{3})"
    )
    gradient_formula = (
        r"\bar x = \frac{\bar y}{2} \odot"
        r" \left(1 + \tanh u + x (1 - \tanh^{2} u) \sqrt{2/\pi}\, (1 + 3 \cdot 0.044715\, x^{2})\right)"
    )

    def reference(self, x):
        return x * stable_sigmoid(_twice_u(x))

    def gradient(self, step, gy):
        (x,) = step.inputs
        return _gelu_tanh_gradient(x, gy)


class GeluTanhGradient(UnaryGradient):
    formula = GeluTanh.gradient_formula
    gradient_formula = (
        r"\bar x' = \bar{\bar x} \odot \bar y \odot s (1 - s) \big(2 v' + x v'' + x (1 - 2s) v'^{2}\big),\quad"
        r" s = \sigma(v),\ v = 2u"
    )

    def reference(self, x, gy):
        x = np.clip(x, -25, 25)  # as for the exact gelu
        return gy * gated_slope(x, _twice_u(x), x * x * (6 * _CUBE * _C) + 2 * _C)

    def gradient(self, step, ggx):
        x, gy = step.inputs
        s = public["sigmoid"](_twice_u(x))
        slope, bend = x * x * (6 * _CUBE * _C) + 2 * _C, x * (12 * _CUBE * _C)
        second = s * (1.0 - s) * (2.0 * slope + x * bend + x * (1.0 - 2.0 * s) * slope * slope)
        return ggx * gy * second, _gelu_tanh_gradient(x, ggx)


def _chance(x):
    return np.asarray(_erfc_of(x * -math.sqrt(0.5)), x.dtype) * x.dtype.type(0.5)


def _twice_u(x):
    return x * (x * x * (2 * _CUBE * _C) + 2 * _C)


_gelu, _gelu_gradient = Gelu(), GeluGradient()
_gelu_tanh, _gelu_tanh_gradient = GeluTanh(), GeluTanhGradient()


def gelu(x, approximate=True):
    """Gaussian error linear unit: x times the chance that a standard normal number is below x.

    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.

    Parameters
    ----------
    x : tensor
    approximate : bool
        True for the form with tanh (as in keras.ops), False for the exact one (the default of keras.activations).

    Examples
    --------
    >>> round(gelu([1.0], approximate=False).item(), 4)
    0.8413
    """
    return _gelu_tanh(x) if approximate else _gelu(x)
