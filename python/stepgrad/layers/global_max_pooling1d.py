"""GlobalMaxPooling1D: the maximum of every channel."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.pooling import GlobalPooling


@LAYERS.register("GlobalMaxPool1D")
class GlobalMaxPooling1D(GlobalPooling):
    """The maximum of every channel over all steps.

    Input shape (batch, steps, channels); output shape (batch, channels).

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
    keepdims : bool
        Leave the pooled axes with size 1.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalMaxPooling1D()(np.ones((2, 10, 3))).shape
    (2, 3)
    """

    rank = 1
    reduce: Any = staticmethod(ops.max)
