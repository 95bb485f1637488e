"""Conv2D: filters that slide over images."""

from __future__ import annotations

from stepgrad.layers.conv import Conv
from stepgrad.layers.layer import LAYERS


@LAYERS.register("Convolution2D")
class Conv2D(Conv):
    """Two-dimensional convolution.

    Input shape (batch, height, width, channels); output shape (batch, new_height, new_width, filters).

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or (int, int)
        Height and width of the filters.
    strides : int or (int, int)
    padding : {"valid", "same"}
        "same" pads with zeros so that the output has ceil(size / stride) pixels.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or (int, int)
    groups : int
        The channels are convolved in groups.
    activation : str or callable, optional
    use_bias : bool
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2D(8, 3, activation="relu")
    >>> layer(np.ones((2, 28, 28, 1))).shape, layer.count_params()
    ((2, 26, 26, 8), 80)
    """

    rank = 2
