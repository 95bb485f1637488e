"""ReLU: negative entries become zero."""

from __future__ import annotations

from typing import Any

from stepgrad import activations
from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class ReLU(Layer):
    """Rectified linear unit: x from `threshold` to `max_value`, constant above, negative_slope * (x - threshold) below.

    Parameters
    ----------
    max_value : float, optional
    negative_slope, threshold : float

    Examples
    --------
    >>> import numpy as np
    >>> ReLU(max_value=6)(np.array([-1.0, 2.0, 9.0])).tolist()
    [0.0, 2.0, 6.0]
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for word, value in (
            ("max_value", max_value),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ):
            if (value is None and word != "max_value") or (value is not None and value < 0):
                raise ArgumentError(
                    f"{word} of a ReLU is not negative", layer=self.name, got=f"{word}={value}"
                )
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
