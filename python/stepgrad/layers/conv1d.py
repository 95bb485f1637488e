"""Conv1D: filters that slide over sequences."""

from __future__ import annotations

from stepgrad.layers.conv import Conv
from stepgrad.layers.layer import LAYERS


@LAYERS.register("Convolution1D")
class Conv1D(Conv):
    """One-dimensional convolution.

    Input shape (batch, steps, channels); output shape (batch, new_steps, filters).

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or (int,)
        Length of the filters.
    strides : int or (int,)
    padding : {"valid", "same", "causal"}
        "same" pads with zeros so that the output has ceil(size / stride) steps; "causal" pads only in front, so that no
        output step sees a later input step.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or (int,)
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
    >>> layer = Conv1D(8, 3, activation="relu")
    >>> layer(np.ones((2, 10, 4))).shape, layer.count_params()
    ((2, 8, 8), 104)
    """

    rank = 1
