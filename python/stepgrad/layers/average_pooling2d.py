"""AveragePooling2D: the mean of every window."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.pooling import AveragePooling


@LAYERS.register("AvgPool2D")
class AveragePooling2D(AveragePooling):
    """The mean of every window of an image.

    Input shape (batch, height, width, channels); output shape (batch, new_height, new_width, channels).

    Parameters
    ----------
    pool_size : int or (int, int)
    strides : int or (int, int), optional
        `pool_size` when left out.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling2D(2)(np.ones((2, 28, 28, 3))).shape
    (2, 14, 14, 3)
    """

    rank = 2
    pool: Any = staticmethod(ops.average_pool)
