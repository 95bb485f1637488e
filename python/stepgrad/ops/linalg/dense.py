"""dense: a product, its bias and a simple activation in one pass over memory; the same bits as the ops one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.activation.relu import _relu, _relu_gradient
from stepgrad.ops.activation.sigmoid import _sigmoid, _sigmoid_gradient
from stepgrad.ops.elementwise.tanh import _tanh, _tanh_gradient
from stepgrad.ops.linalg.matmul import _matmul, matmul, matmul_gradients
from stepgrad.ops.op import Op
from stepgrad.tape.state import public, state

# The activations whose slope can be told from their output, in the order of the kernel's codes.
ACTIVATIONS: tuple[str, ...] = ("linear", "relu", "tanh", "sigmoid")
_FORWARD: dict[str, Any] = dict(zip(ACTIVATIONS, (None, _relu, _tanh, _sigmoid), strict=True))
_GRADIENT: dict[str, Any] = dict(
    zip(ACTIVATIONS, (None, _relu_gradient, _tanh_gradient, _sigmoid_gradient), strict=True)
)


class Dense(Op):
    formula = r"Y = \phi(X W + b)"
    gradient_formula = (
        r"\bar Z = \bar Y \odot \phi'(Z),\quad \bar X = \bar Z W^{T},\quad \bar W = X^{T} \bar Z,"
        r"\quad \bar b_j = \sum_i \bar Z_{ij}"
    )
    promote = "same"
    saves_inputs, saves_output = (0, 1), True

    def shape(self, x, w, b, activation="linear"):
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
        z = np.matmul(x, w) + b
        return z if activation == "linear" else _FORWARD[activation].reference(z)

    def launch(self, native, x, w, b, activation="linear"):
        y = np.empty(self.shape(x.shape, w.shape, b.shape), x.dtype)
        rows = math.prod(x.shape[:-1])
        x = np.ascontiguousarray(x).reshape(rows, x.shape[-1])
        w, b = np.ascontiguousarray(w), np.ascontiguousarray(b)
        native(x, w, b, y.reshape(rows, w.shape[1]), ACTIVATIONS.index(activation))
        return y

    def gradient(self, step, gy):
        slope = _GRADIENT[step.attrs.get("activation", "linear")]
        gz = slope(step.output, gy) if slope else gy
        gb = public["sum"](gz, axis=tuple(range(gz.ndim - 1))) if step.needs(2) else None
        return *matmul_gradients(step, gz), gb


_dense = Dense()


def dense(x: Any, w: Any, b: Any, activation: str = "linear") -> Any:
    """Return ``activation(x @ w + b)``.

    One op does it all, unless a hook watches (the walk, the profiler), another rung of matmul was asked for, or the
    policy rounds the factors: then it is matmul, add and the activation one by one. The bits are the same.

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
    if not state.hooks and not state.bfloat16 and kernels.is_top("matmul"):
        return _dense(x, w, b, activation=activation)
    z = public["add"](matmul(x, w), b)
    return z if activation == "linear" else _FORWARD[activation](z)
