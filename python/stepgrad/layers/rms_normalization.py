"""RMSNormalization: every sample with root mean square 1."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class RMSNormalization(Layer):
    """Divide every sample by its root mean square over `axis`, then scale. [Zhang and Sennrich, 2019]

    Parameters
    ----------
    axis : int or list of int
    epsilon : float

    Examples
    --------
    >>> import numpy as np
    >>> RMSNormalization(epsilon=0.0)(np.array([[2.0, -2.0]])).tolist()
    [[1.0, -1.0]]
    """

    def __init__(self, axis: int | list[int] = -1, epsilon: float = 1e-6, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = sorted(axis) if isinstance(axis, list | tuple) else axis
        self.epsilon = epsilon
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        self.scale = self.add_weight(tuple(input_shape[axis] for axis in axes), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return ops.rms_normalization(inputs, self.scale, axis, self.epsilon)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
