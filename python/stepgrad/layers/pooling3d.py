"""The pooling layers for volumes."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.pooling import AveragePooling, GlobalPooling, Pooling


@LAYERS.register("MaxPool3D")
class MaxPooling3D(Pooling):
    """The maximum of every window of a volume.

    Input shape (batch, depth, height, width, channels); output shape (batch, *windows, channels).

    Parameters
    ----------
    pool_size : int or (int, int, int)
    strides : int or (int, int, int), optional
        `pool_size` when left out.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> MaxPooling3D(2)(np.ones((1, 4, 4, 6, 3))).shape
    (1, 2, 2, 3, 3)
    """

    rank = 3
    pool: Any = staticmethod(ops.max_pool3d)


@LAYERS.register("AvgPool3D")
class AveragePooling3D(AveragePooling):
    """The mean of every window of a volume.

    Input shape (batch, depth, height, width, channels); output shape (batch, *windows, channels).

    Parameters
    ----------
    pool_size : int or (int, int, int)
    strides : int or (int, int, int), optional
        `pool_size` when left out.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling3D(2)(np.ones((1, 4, 4, 6, 3))).shape
    (1, 2, 2, 3, 3)
    """

    rank = 3
    pool: Any = staticmethod(ops.average_pool3d)


@LAYERS.register("GlobalMaxPool3D")
class GlobalMaxPooling3D(GlobalPooling):
    """The maximum of every channel over a whole volume.

    Input shape (batch, depth, height, width, channels); output shape (batch, channels).

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
    keepdims : bool

    Examples
    --------
    >>> import numpy as np
    >>> GlobalMaxPooling3D()(np.ones((1, 4, 4, 6, 3))).shape
    (1, 3)
    """

    rank = 3
    reduce: Any = staticmethod(ops.max)


@LAYERS.register("GlobalAvgPool3D")
class GlobalAveragePooling3D(GlobalPooling):
    """The mean of every channel over a whole volume.

    Input shape (batch, depth, height, width, channels); output shape (batch, channels).

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
    keepdims : bool

    Examples
    --------
    >>> import numpy as np
    >>> GlobalAveragePooling3D()(np.ones((1, 4, 4, 6, 3))).shape
    (1, 3)
    """

    rank = 3
    reduce: Any = staticmethod(ops.mean)
