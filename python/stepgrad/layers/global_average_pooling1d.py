"""GlobalAveragePooling1D: the mean of every channel."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.pooling import GlobalPooling


@LAYERS.register("GlobalAvgPool1D")
class GlobalAveragePooling1D(GlobalPooling):
    """The mean of every channel over all steps.

    Input shape (batch, steps, channels); output shape (batch, channels). With a mask, the mean of the steps that count.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
    keepdims : bool
        Leave the pooled axes with size 1.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalAveragePooling1D()(np.ones((2, 10, 3))).shape
    (2, 3)
    """

    rank = 1
    reduce: Any = staticmethod(ops.mean)
    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        steps = 1 if self.data_format == "channels_last" else 2
        counts = ops.expand_dims(mask, 3 - steps)
        total = ops.sum(ops.where(counts, inputs, 0.0), axis=steps, keepdims=self.keepdims)
        return total / ops.sum(ops.cast(counts, inputs.dtype), axis=steps, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None
