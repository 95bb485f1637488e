"""dense: a product, its bias and a simple activation in one pass over memory; the same bits as the ops one by one."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.activation.bias_activation import (
    ACTIVATIONS,
    FORWARD,
    GRADIENT,
    bias_activation,
    bias_activation_gradients,
)
from stepgrad.ops.linalg import bfloat16
from stepgrad.ops.linalg.bfloat16 import _matmul_bf16, nearest
from stepgrad.ops.linalg.matmul import _matmul, matmul, matmul_gradients
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import state


class Dense(Op):
    product, factor = _matmul, staticmethod(lambda x: x)  # the op's product, and what its factors become
    formula = r"Y = \phi(X W + b)"
    gradient_formula = (
        r"\bar Z = \bar Y \odot \phi'(Z),\quad \bar X = \bar Z W^{T},\quad \bar W = X^{T} \bar Z,"
        r"\quad \bar b_j = \sum_i \bar Z_{ij}"
    )
    promote = "same"
    saves_inputs, saves_output = (0, 1), True

    def shape(self, x, w, b, activation="linear"):
        if len(x) == len(w) == 2 and x[1] == w[0] is not None and b == w[1:]:  # nearly always
            return x[0], w[1]
        y = _matmul.shape(x, w)
        if len(w) != 2 or tuple(b) != (w[-1],):
            raise ShapeError(
                "each column of the kernel has one bias",
                expected="a kernel (n, units) and a bias (units,)",
                got=f"{tuple(w)} and {tuple(b)}",
            )
        return y

    def reference(self, x, w, b, activation="linear"):
        self.shape(x.shape, w.shape, b.shape)
        z = np.matmul(self.factor(x), self.factor(w)) + b
        return z if activation == "linear" else FORWARD[activation].reference(z)

    def launch(self, native, x, w, b, activation="linear"):
        y = kernels.empty(self.shape(x.shape, w.shape, b.shape), x.dtype)
        native(_rows(contiguous(x)), contiguous(w), contiguous(b), _rows(y), ACTIVATIONS.index(activation))
        return y

    def gradient(self, step, gy):
        if step.needs(1) and step.needs(2) and _fuses(self):
            x, w, _ = step.inputs
            wants_x = step.needs(0)
            backward = _dense_gradient if self is _dense else _dense_bf16_gradient
            gx, gw, gb = backward(x, w, step.output, gy, wants_x=wants_x, **step.attrs)
            return gx if wants_x else None, gw, gb
        activation = step.attrs.get("activation", "linear")
        gz, gb = bias_activation_gradients(step.output, gy, activation, wants_b=step.needs(2))
        return *matmul_gradients(step, gz, self.product), gb


class DenseGradient(Op):
    """(x, w, y, gy) -> (gx, gw, gb); gx has no entries where nobody wants it."""

    product, factor = _matmul, staticmethod(lambda x: x)
    formula = Dense.gradient_formula
    gradient_formula = (
        r"\bar{\bar Z} = \bar{\bar X} W + X \bar{\bar W} + \bar{\bar b},\quad"
        r" \bar X = \bar Z \bar{\bar W}^{T},\quad \bar W = \bar{\bar X}^{T} \bar Z,"
        r"\quad \text{and } \bar{\bar Z} \text{ goes back through the activation's gradient}"
    )
    promote = "same"
    outputs = 3

    def shape(self, x, w, y, gy, wants_x=True, activation="linear"):
        if tuple(y) != tuple(gy) or tuple(y) != (*x[:-1], w[-1]):
            raise ShapeError(
                "the gradient has the shape of the output",
                expected=str((*x[:-1], w[-1])),
                got=f"an output {tuple(y)} and a gradient {tuple(gy)}",
            )
        return x if wants_x else (0,), w, (w[-1],)

    def reference(self, x, w, y, gy, wants_x=True, activation="linear"):
        self.shape(x.shape, w.shape, y.shape, gy.shape)
        gz = gy if activation == "linear" else GRADIENT[activation].reference(y, gy)
        gb = np.add.reduce(gz, tuple(range(gz.ndim - 1)))
        x, w, gz = (self.factor(a) for a in (x, w, gz))
        gx = np.matmul(gz, w.T) if wants_x else np.empty(0, x.dtype)
        return gx, np.matmul(_rows(x).T, _rows(gz)), gb

    def launch(self, native, x, w, y, gy, wants_x=True, activation="linear"):
        shapes = self.shape(x.shape, w.shape, y.shape, gy.shape, wants_x)
        gx, gw, gb = (kernels.empty(shape, x.dtype) for shape in shapes)
        inputs = _rows(contiguous(x)), contiguous(w), _rows(contiguous(y)), _rows(contiguous(gy))
        native(*inputs, gx.reshape(-1), gw, gb, ACTIVATIONS.index(activation))
        return gx, gw, gb

    def gradient(self, step, u, v, t):
        x, w, y, gy = step.inputs
        slope = GRADIENT[step.attrs.get("activation", "linear")]
        gz = slope(y, gy) if slope else gy
        back, to_w = self.product(x, v) + t, None
        if step.attrs.get("wants_x", True):
            back = back + self.product(u, w)
            to_w = self.product(_rows(u), _rows(gz), transpose_a=True)
        # The activation's own op knows how it depends on the output and on what arrived.
        to_y, to_gy = slope.gradient(SimpleNamespace(inputs=(y, gy)), back) if slope else (None, back)
        return self.product(gz, v, transpose_b=True), to_w, to_y, to_gy


class DenseBf16(Dense):
    """The dense layer of the dtype policy "mixed_bfloat16"."""

    name = "dense_bf16"
    product, factor = _matmul_bf16, staticmethod(nearest)
    formula = r"Y = \phi(\operatorname{bf16}(X) \operatorname{bf16}(W) + b)"
    gradient_formula = (
        r"\bar Z = \bar Y \odot \phi'(Z),\quad \bar X = \operatorname{bf16}(\bar Z) \operatorname{bf16}(W)^{T},"
        r"\quad \bar W = \operatorname{bf16}(X)^{T} \operatorname{bf16}(\bar Z),\quad \bar b_j = \sum_i \bar Z_{ij}"
    )


class DenseBf16Gradient(DenseGradient):
    name = "dense_bf16_gradient"
    product, factor = _matmul_bf16, staticmethod(nearest)
    formula = DenseBf16.gradient_formula


_dense, _dense_gradient = Dense(), DenseGradient()
_dense_bf16, _dense_bf16_gradient = DenseBf16(), DenseBf16Gradient()


def _rows(x):
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _fuses(op: Dense) -> bool:
    """Tell whether one op may stand for several: nobody watches, no other rung of its product was asked for."""
    return bfloat16.fuses() if op is _dense_bf16 else not state.hooks and kernels.is_top("matmul")


def dense(x: Any, w: Any, b: Any, activation: str = "linear") -> Any:
    """Return ``activation(x @ w + b)``.

    One op does it all, unless a hook watches (the walk, the profiler) or another rung of matmul was asked for: then it is
    matmul and what :func:`bias_activation` does. The bits are the same.

    Parameters
    ----------
    x : tensor, shape (..., n)
    w : tensor, shape (n, units)
    b : tensor, shape (units,)
    activation : "linear", "relu", "tanh" or "sigmoid"

    Examples
    --------
    >>> dense([[1.0, 2.0]], [[1.0, -1.0], [1.0, -1.0]], [0.5, 0.5], "relu").tolist()
    [[3.5, 0.0]]
    """
    op = _dense_bf16 if state.bfloat16 else _dense
    if _fuses(op):
        return op(x, w, b, activation=activation)
    return bias_activation(matmul(x, w), b, activation)
