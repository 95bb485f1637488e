"""Lambda: any function as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Lambda(Layer):
    """Call a function of tensors. It has no weights, and it cannot be saved: a file never holds code.

    Parameters
    ----------
    function : callable
    output_shape : tuple or callable, optional
        Shape of one output sample (or a function of the input's shape), where it cannot be found by a symbolic call.
    mask : callable or tensor, optional
        The output's mask, or a function of (inputs, mask) that returns it.
    arguments : dict, optional
        Further arguments of the function.

    Examples
    --------
    >>> import numpy as np
    >>> Lambda(lambda x: x**2)(np.array([3.0])).tolist()
    [9.0]
    """

    mask: Any

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError("Lambda takes a function", layer=self.name, got=repr(function))
        self.function, self.arguments = function, dict(arguments or {})
        self._output_shape = output_shape
        self.supports_masking = mask is not None
        object.__setattr__(self, "mask", mask)

    def call(self, inputs: Any) -> Any:
        return self.function(inputs, **self.arguments)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return (input_shape[0], *self._output_shape)

    def compute_output_spec(self, inputs: Any) -> Any:
        return self.call(inputs) if self._output_shape is None else super().compute_output_spec(inputs)

    def get_config(self) -> dict[str, Any]:
        raise ArgumentError(
            "a Lambda layer cannot be saved: a file holds names, never code", layer=self.name, fix=_FIX
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Lambda:
        """Refuse: what Keras saved is code, which is never run."""
        raise ArgumentError(
            "a saved Lambda layer holds code, which is never run",
            layer=config.get("name"),
            fix=f"in the program that saved the model, {_FIX}",
        )


_FIX = "write a subclass of Layer with call(self, inputs) and decorate it with utils.register_keras_serializable()"
