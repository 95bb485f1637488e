"""Flatten: every sample becomes one row."""

from __future__ import annotations

import math
from typing import Any

from stepgrad import config, ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice


@LAYERS.register
class Flatten(Layer):
    """Keep the batch axis and join all others.

    Input shape (batch, ...); output shape (batch, product of the other sizes).

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        With "channels_first" the channels are moved to the end first, so that both give the same row.

    Examples
    --------
    >>> import numpy as np
    >>> Flatten()(np.ones((2, 28, 28))).shape
    (2, 784)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = ops.transpose(inputs, (0, *range(2, inputs.ndim), 1))
        sizes = inputs.shape[1:]
        if None in sizes:
            return ops.reshape(inputs, (inputs.shape[0], -1))
        return ops.reshape(inputs, (-1 if inputs.shape[0] is None else inputs.shape[0], math.prod(sizes)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}
