"""Masking: hide the time steps that hold nothing but padding."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Masking(Layer):
    """Mark time steps whose features all equal `mask_value`: layers after this one skip them.

    Input and output shape (batch, time, ...). Hidden steps come out as zeros.

    Parameters
    ----------
    mask_value : float

    Examples
    --------
    >>> import numpy as np
    >>> x = Masking()(np.array([[[1.0, 2.0], [0.0, 0.0], [0.0, 3.0]]]))
    >>> x._keras_mask.tolist()
    [[True, False, True]]
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def call(self, inputs: Any) -> Any:
        counts = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.where(counts, inputs, 0.0)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": self.mask_value}
