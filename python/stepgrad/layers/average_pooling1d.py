"""AveragePooling1D: the mean of every window."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.pooling import AveragePooling


@LAYERS.register("AvgPool1D")
class AveragePooling1D(AveragePooling):
    """The mean of every window of a sequence.

    Input shape (batch, steps, channels); output shape (batch, new_steps, channels).

    Parameters
    ----------
    pool_size : int or (int,)
    strides : int or (int,), optional
        `pool_size` when left out.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling1D(2)(np.ones((2, 10, 3))).shape
    (2, 5, 3)
    """

    rank = 1
    pool: Any = staticmethod(ops.average_pool)
