"""Dense: y = activation(x W + b)."""

from __future__ import annotations

from typing import Any

from stepgrad import activations, ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import FUSED, Weighted, check_positive, refuse
from stepgrad.ops.linalg.dense import dense


@LAYERS.register
class Dense(Weighted):
    """A fully connected layer: ``activation(x @ kernel + bias)``.

    Input shape (..., n); output shape (..., units).

    Parameters
    ----------
    units : int
        Size of the output.
    activation : str or callable, optional
    use_bias : bool
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dense(4, activation="relu")
    >>> layer(np.ones((2, 3))).shape, layer.count_params()
    ((2, 4), 16)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        refuse(self, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.units = check_positive(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        size = input_shape[-1]
        self.kernel = self._create("kernel", (size, self.units))
        self.bias = self._create("bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs: Any) -> Any:
        if not self.use_bias:
            return self.activation(ops.matmul(inputs, self.kernel))
        fused = FUSED.get(self.activation)
        if fused:
            return dense(inputs, self.kernel, self.bias, fused)
        return self.activation(dense(inputs, self.kernel, self.bias))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **self._described("kernel", "bias"),
        }
