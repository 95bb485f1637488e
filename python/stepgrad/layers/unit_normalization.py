"""UnitNormalization: every sample with length 1."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class UnitNormalization(Layer):
    """Divide every sample by its Euclidean length over `axis`.

    Parameters
    ----------
    axis : int or list of int

    Examples
    --------
    >>> import numpy as np
    >>> [round(v, 4) for v in UnitNormalization()(np.array([[3.0, 4.0]])).tolist()[0]]
    [0.6, 0.8]
    """

    supports_masking = True

    def __init__(self, axis: int | list[int] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis

    def call(self, inputs: Any) -> Any:
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        squares = ops.sum(ops.square(inputs), axis, keepdims=True)
        return inputs * ops.rsqrt(ops.maximum(squares, 1e-12))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
