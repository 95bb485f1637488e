"""Rescaling: x * scale + offset."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Rescaling(Layer):
    """Bring the inputs to another range: ``Rescaling(1 / 255)`` brings pixels to [0, 1].

    Parameters
    ----------
    scale, offset : float or array
        Arrays are broadcast against the inputs.

    Examples
    --------
    >>> import numpy as np
    >>> Rescaling(1 / 127.5, offset=-1)(np.array([0, 255], "uint8")).tolist()
    [-1.0, 1.0]
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale, self.offset = _plain(scale), _plain(offset)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        return x * np.asarray(self.scale, self.compute_dtype) + np.asarray(self.offset, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _plain(value: Any) -> Any:
    """Return a number, or nested tuples of numbers."""
    value = np.asarray(value).tolist()
    return tuple(value) if isinstance(value, list) else value
