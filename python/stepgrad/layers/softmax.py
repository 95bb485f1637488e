"""Softmax: scores become probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Softmax(Layer):
    """exp(x) divided by its sum along `axis`.

    Parameters
    ----------
    axis : int or tuple of int

    Examples
    --------
    >>> import numpy as np
    >>> Softmax()(np.zeros((1, 4))).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """

    supports_masking = True

    def __init__(self, axis: int | tuple[int, ...] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = tuple(axis) if isinstance(axis, list | tuple) else axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is not None:  # what does not count gets probability 0
            inputs = ops.where(mask, inputs, float(np.finfo(inputs.dtype).min) / 2)
        outputs = self._softmax(inputs)
        return outputs if mask is None else ops.where(mask, outputs, 0.0)

    def _softmax(self, inputs: Any) -> Any:
        if isinstance(self.axis, int):
            return ops.softmax(inputs, axis=self.axis)
        return ops.exp(inputs - ops.logsumexp(inputs, axis=self.axis, keepdims=True))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
