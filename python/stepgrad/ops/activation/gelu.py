"""gelu: x weighed by the chance that a normal number is smaller; exact, and with tanh."""

from __future__ import annotations

import math

import numpy as np

from stepgrad.ops.op import Unary
from stepgrad.tape.state import public

_erfc_of = np.frompyfunc(math.erfc, 1, 1)  # erfc keeps the digits of the left tail, where 1 + erf cancels
_C = math.sqrt(2 / math.pi)
_CUBE = 0.044715


class Gelu(Unary):
    formula = r"y = x\, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)"
    gradient_formula = r"\bar x = \bar y \odot \left(\Phi(x) + \frac{x}{\sqrt{2 \pi}} e^{-x^{2}/2}\right)"

    def reference(self, x):
        return x * np.asarray(_erfc_of(x * -math.sqrt(0.5)), x.dtype) * np.asarray(0.5, x.dtype)

    def gradient(self, step, gy):
        (x,) = step.inputs
        chance = public["erf"](x * math.sqrt(0.5)) * 0.5 + 0.5
        density = public["exp"](x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return gy * (chance + x * density)


class GeluTanh(Unary):
    formula = r"y = \frac{x}{2} (1 + \tanh u),\quad u = \sqrt{2/\pi}\, (x + 0.044715\, x^{3})"
    gradient_formula = (
        r"\bar x = \frac{\bar y}{2} \odot"
        r" \left(1 + \tanh u + x (1 - \tanh^{2} u) \sqrt{2/\pi}\, (1 + 3 \cdot 0.044715\, x^{2})\right)"
    )

    def reference(self, x):
        return x * (1 + np.tanh(x * (x * x * _CUBE + 1) * _C)) / 2

    def gradient(self, step, gy):
        (x,) = step.inputs
        square = x * x
        t = public["tanh"](x * (square * _CUBE + 1.0) * _C)
        return gy * 0.5 * (t + 1.0 + x * (1.0 - t * t) * (square * (3 * _CUBE * _C) + _C))


_gelu = Gelu()
_gelu_tanh = GeluTanh()


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
