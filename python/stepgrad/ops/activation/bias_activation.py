"""bias_activation: add a bias and apply a simple activation in one pass over memory; the same bits as the two ops one by one."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.activation.relu import _relu, _relu_gradient
from stepgrad.ops.activation.sigmoid import _sigmoid, _sigmoid_gradient
from stepgrad.ops.elementwise.tanh import _tanh, _tanh_gradient
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import public, state

# The activations whose slope can be told from their output, in the order of the kernels' codes.
ACTIVATIONS: tuple[str, ...] = ("linear", "relu", "tanh", "sigmoid")
FORWARD: dict[str, Any] = dict(zip(ACTIVATIONS, (None, _relu, _tanh, _sigmoid), strict=True))
GRADIENT: dict[str, Any] = dict(
    zip(ACTIVATIONS, (None, _relu_gradient, _tanh_gradient, _sigmoid_gradient), strict=True)
)


class BiasActivation(Op):
    formula = r"y_{ij} = \phi(x_{ij} + b_j)"
    gradient_formula = r"\bar x_{ij} = \bar y_{ij}\, \phi'(x_{ij} + b_j),\quad \bar b_j = \sum_i \bar x_{ij}"
    promote = "same"
    saves_inputs, saves_output = (), True

    def shape(self, x, b, activation="linear"):
        if not b or tuple(x[-len(b) :]) != tuple(b):
            raise ShapeError(
                "the bias has the last axes of x", expected=f"the end of {tuple(x)}", got=str(tuple(b))
            )
        return x

    def reference(self, x, b, activation="linear"):
        self.shape(x.shape, b.shape)
        return x + b if activation == "linear" else FORWARD[activation].reference(x + b)

    def launch(self, native, x, b, activation="linear"):
        y = kernels.empty(self.shape(x.shape, b.shape), x.dtype)
        n = b.size
        native(_rows(contiguous(x), n), contiguous(b).reshape(-1), _rows(y, n), ACTIVATIONS.index(activation))
        return y

    def gradient(self, step, gy):
        activation, rank = step.attrs.get("activation", "linear"), len(step.input_shapes[1])
        return bias_activation_gradients(step.output, gy, activation, rank, wants_b=step.needs(1))


class BiasActivationGradient(Op):
    """(y, gy) -> (gx, gb); the bias has the last `rank` axes."""

    formula = BiasActivation.gradient_formula
    gradient_formula = r"\bar{\bar X} + \bar{\bar b} \text{ goes back through the activation's gradient}"
    promote = "same"
    outputs = 2

    def shape(self, y, gy, activation="linear", rank=1):
        if tuple(y) != tuple(gy):
            raise ShapeError(
                "the gradient has the shape of the output", expected=str(tuple(y)), got=str(tuple(gy))
            )
        return y, y[len(y) - rank :]

    def reference(self, y, gy, activation="linear", rank=1):
        self.shape(y.shape, gy.shape)
        gx = gy.copy() if activation == "linear" else GRADIENT[activation].reference(y, gy)
        return gx, np.add.reduce(gx, tuple(range(gx.ndim - rank)))

    def launch(self, native, y, gy, activation="linear", rank=1):
        gx, gb = (kernels.empty(shape, y.dtype) for shape in self.shape(y.shape, gy.shape, rank=rank))
        n = gb.size
        arrays = _rows(contiguous(y), n), _rows(contiguous(gy), n), _rows(gx, n), gb.reshape(-1)
        native(*arrays, ACTIVATIONS.index(activation))
        return gx, gb

    def gradient(self, step, u, t):
        back, slope = u + t, GRADIENT[step.attrs.get("activation", "linear")]
        # The activation's own op knows how it depends on the output and on what arrived.
        return slope.gradient(SimpleNamespace(inputs=step.inputs), back) if slope else (None, back)


_bias_activation, _bias_activation_gradient = BiasActivation(), BiasActivationGradient()


def _rows(x, n):
    return x.reshape((math.prod(x.shape) // n if n else 0, n))


def bias_activation_gradients(y, gy, activation, rank=1, wants_b=True):
    """Return the gradients of x and b in y = activation(x + b), where b has the last `rank` axes."""
    if wants_b and activation != "linear":
        return _bias_activation_gradient(y, gy, activation=activation, rank=rank)
    slope = GRADIENT[activation]
    gx = slope(y, gy) if slope else gy
    return gx, public["sum"](gx, axis=tuple(range(gx.ndim - rank))) if wants_b else None


def bias_activation(x: Any, b: Any, activation: str = "linear") -> Any:
    """Return ``activation(x + b)``.

    One op does both, unless a hook watches (the walk, the profiler): then it is add and the activation one by one. The
    bits are the same.

    Parameters
    ----------
    x : tensor
    b : tensor, with the last axes of `x`
    activation : "linear", "relu", "tanh" or "sigmoid"

    Examples
    --------
    >>> bias_activation([[1.0, 2.0], [3.0, -4.0]], [0.5, 0.5], "relu").tolist()
    [[1.5, 2.5], [3.5, 0.0]]
    """
    if not state.hooks:
        return _bias_activation(x, b, activation=activation)
    z = public["add"](x, b)
    return z if activation == "linear" else FORWARD[activation](z)
