"""Projection: a matrix product over the last axes of a tensor, with several axes of units. Attention is made of them."""

from __future__ import annotations

import math
from typing import Any

from stepgrad import activations, ops
from stepgrad.initializers import VarianceScaling
from stepgrad.layers.weighted import Weighted
from stepgrad.ops.linalg.dense import dense


class Projection(Weighted):
    """``activation(x . kernel + bias)``: Dense with `units` (heads, size) instead of one number.

    Input shape (batch, steps, *inputs); output shape (batch, steps, *units). The kernel has the shape (*inputs, *units),
    as in Keras's attention layers.

    Parameters
    ----------
    units : tuple of int
    contracted : int
        How many of the input's last axes are summed over.
    activation : str or callable, optional
    use_bias : bool
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = Projection((2, 4))
    >>> layer(np.ones((1, 5, 3))).shape, layer.kernel.shape
    ((1, 5, 2, 4), (3, 2, 4))
    """

    def __init__(
        self,
        units: tuple[int, ...],
        contracted: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units, self.contracted, self.use_bias = tuple(units), contracted, use_bias
        self.activation = activations.get(activation)
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: tuple) -> None:
        inputs = tuple(input_shape[len(input_shape) - self.contracted :])
        shape = (*inputs, *self.units)
        initializer, regularizer, constraint = (
            getattr(self, f"kernel_{word}") for word in ("initializer", "regularizer", "constraint")
        )
        if isinstance(initializer, VarianceScaling):  # which axes are inputs is not in the shape
            axes = range(len(inputs)), range(len(inputs), len(shape))
            config = {"seed": initializer.seed, "input_axes": list(axes[0]), "output_axes": list(axes[1])}
            initializer = initializer.from_config({**initializer.get_config(), **config})
        self.kernel = self.add_weight(
            shape, initializer, regularizer=regularizer, constraint=constraint, name="kernel"
        )
        self.bias = self._create("bias", self.units) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        size = math.prod(self.kernel.shape[: self.contracted])
        steps = inputs.shape[1 : inputs.ndim - self.contracted]
        x = inputs if self.contracted == 1 else ops.reshape(inputs, (-1, *steps, size))
        kernel = ops.reshape(self.kernel, (size, -1))
        y = ops.matmul(x, kernel) if self.bias is None else dense(x, kernel, ops.reshape(self.bias, (-1,)))
        y = y if len(self.units) == 1 else ops.reshape(y, (-1, *steps, *self.units))
        return self.activation(y)
