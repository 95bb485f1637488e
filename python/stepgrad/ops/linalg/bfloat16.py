"""Products of bfloat16 numbers: what layers with the dtype policy "mixed_bfloat16" compute with.

A bfloat16 is the upper half of a float32: sign, exponent and 7 bits of the fraction, two or three digits. Arrays stay
float32 here; the factors of a product are rounded to the nearest bfloat16, products and sums are float32's. Float64 arrays
are not rounded: whoever computes in float64 wants its digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.linalg.matmul import Matmul, matmul_gradients
from stepgrad.ops.op import Op, Unary
from stepgrad.tape.state import state


def nearest(x: np.ndarray) -> np.ndarray:
    """Return a float32 array rounded to bfloat16, halfway to the even one; NaN stays NaN. Other dtypes come back as they are.

    Examples
    --------
    >>> nearest(np.array([1.0, 1.001, 3.14159], "float32")).tolist()
    [1.0, 1.0, 3.140625]
    """
    if x.dtype != np.float32:
        return x
    bits = np.ascontiguousarray(x).view(np.uint32)
    rounded = np.where(np.isnan(x), bits | 0x400000, bits + 0x7FFF + (bits >> 16 & 1))
    return (rounded & 0xFFFF0000).astype(np.uint32).view(np.float32).reshape(x.shape)


def fuses() -> bool:
    """Tell whether one op that rounds its factors may stand for several: nobody watches, no other rung of the product was
    asked for, and there is such a kernel (on GPUs there is none)."""
    return not state.hooks and kernels.is_top("matmul_bf16") and kernels.device_in_use() == "cpu"


class MatmulBf16(Matmul):
    name = "matmul_bf16"
    formula = r"Y = \operatorname{bf16}(A) \operatorname{bf16}(B)"
    gradient_formula = (
        r"\bar A = \operatorname{bf16}(\bar Y) \operatorname{bf16}(B)^{T},"
        r"\quad \bar B = \operatorname{bf16}(A)^{T} \operatorname{bf16}(\bar Y)"
    )
    ufunc = None

    def reference(self, a, b, transpose_a=False, transpose_b=False):
        return super().reference(nearest(a), nearest(b), transpose_a, transpose_b)

    def gradient(self, step, gy):
        return matmul_gradients(step, gy, self)


class RoundBf16(Unary):
    """y = bf16(x). The gradient passes as if nothing had been rounded, as that of a cast does."""

    name = "round_bf16"
    formula = r"y = \operatorname{bf16}(x)"
    gradient_formula = r"\bar x = \bar y"
    saves_inputs = ()

    def reference(self, x):
        return nearest(x) if x.dtype == np.float32 else x.copy()

    def gradient(self, step, gy):
        return gy


class RoundGradientBf16(Op):
    """y = x, on the way back \\bar x = bf16(\\bar y): a factor of the products of backward is rounded too."""

    name = "round_gradient_bf16"
    formula = r"y = x"
    gradient_formula = r"\bar x = \operatorname{bf16}(\bar y)"
    saves_inputs = ()
    view = True

    def shape(self, x):
        return x

    def reference(self, x):
        return x

    def gradient(self, step, gy):
        return _round_bf16(gy)


_matmul_bf16 = MatmulBf16()
_round_bf16 = RoundBf16()
_round_gradient_bf16 = RoundGradientBf16()


def rounded_product(product: Any, *factors: Any) -> Any:
    """Return ``product(*factors)``; while the policy asks for bfloat16, with the factors rounded, forward and backward.

    Examples
    --------
    >>> rounded_product(lambda a, b: a * b, 1.001, 2.0)
    2.002
    """
    if not state.bfloat16:
        return product(*factors)
    return _round_gradient_bf16(product(*[_round_bf16(x) for x in factors]))
