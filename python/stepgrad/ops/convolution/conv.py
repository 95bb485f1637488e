"""conv, depthwise_conv, separable_conv: convolution in 1-D and 2-D with Keras's arguments."""

from __future__ import annotations

from functools import partial
from typing import Any

from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.ops.activation.bias_activation import bias_activation
from stepgrad.ops.convolution.conv2d import _conv2d
from stepgrad.ops.convolution.conv2d_bias import _conv2d_bias, fuses
from stepgrad.ops.convolution.layout import back, images, numbers, spatial_axes, standard_format
from stepgrad.ops.linalg.bfloat16 import rounded_product
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def conv(
    inputs: Any,
    kernel: Any,
    strides: int | tuple[int, ...] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple[int, ...] = 1,
) -> Tensor:
    """Slide a filter over sequences (1-D), images (2-D) or, as `conv3d`, volumes.

    Parameters
    ----------
    inputs : tensor, shape (batch, length, channels) or (batch, height, width, channels)
    kernel : tensor, shape (length, channels / groups, filters) or (height, width, channels / groups, filters)
        The number of groups follows from the channels.
    strides, dilation_rate : int or tuple of int
    padding : {"valid", "same", "causal"}
        "same" gives ceil(size / stride) windows, with the odd zero behind; "causal" (1-D) looks only backwards.
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor, shape (batch, *windows, filters)

    Raises
    ------
    ShapeError
        If filter and inputs do not fit, or the window is larger than the image.

    Examples
    --------
    >>> conv([[[1.0], [2.0], [4.0]]], [[[-1.0]], [[1.0]]]).tolist()
    [[[1.0], [2.0]]]
    """
    kernel = to_tensor(kernel)
    if kernel.ndim == 5:
        return public["conv3d"](inputs, kernel, strides, padding, data_format, dilation_rate)
    spatial = spatial_axes(kernel, "conv")
    data_format = standard_format(data_format)
    x = images(inputs, spatial, data_format, "conv")
    return _run(x, kernel, _groups(x, kernel), strides, padding, data_format, dilation_rate)


def conv_bias(
    inputs: Any,
    kernel: Any,
    bias: Any,
    relu: bool,
    strides: int | tuple[int, ...] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple[int, ...] = 1,
) -> Tensor:
    """Return ``conv(inputs, kernel, ...) + bias``, through ReLU if asked.

    One op does it all, unless a hook watches (the walk, the profiler): then it is conv2d, add and relu one by one.

    Examples
    --------
    >>> conv_bias([[[1.0], [2.0], [4.0]]], [[[-1.0]], [[1.0]]], [-1.5], relu=True).tolist()
    [[[0.0], [0.5]]]
    """
    kernel = to_tensor(kernel)
    spatial = spatial_axes(kernel, "conv")
    data_format = standard_format(data_format)
    x = images(inputs, spatial, data_format, "conv")
    return _run(x, kernel, _groups(x, kernel), strides, padding, data_format, dilation_rate, (bias, relu))


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: int | tuple[int, ...] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple[int, ...] = 1,
) -> Tensor:
    """Convolve each channel with filters of its own.

    Parameters
    ----------
    inputs : tensor, shape (batch, length, channels) or (batch, height, width, channels)
    kernel : tensor, shape (length, channels, multiplier) or (height, width, channels, multiplier)

    Returns
    -------
    tensor, shape (batch, *windows, channels * multiplier)

    Examples
    --------
    >>> depthwise_conv([[[1.0, 2.0]]], [[[3.0], [4.0]]]).tolist()
    [[[3.0, 8.0]]]
    """
    kernel = to_tensor(kernel)
    spatial = spatial_axes(kernel, "depthwise_conv")
    data_format = standard_format(data_format)
    x = images(inputs, spatial, data_format, "depthwise_conv")
    *window, channels, multiplier = kernel.shape
    if x.shape[-1] != channels:
        raise ShapeError(
            "each channel needs a filter",
            op="depthwise_conv",
            expected=f"{x.shape[-1]} channels in the kernel (length, channels, multiplier)",
            got=str(tuple(kernel.shape)),
        )
    kernel = public["reshape"](kernel, (*window, 1, channels * multiplier))
    return _run(x, kernel, channels, strides, padding, data_format, dilation_rate)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: int | tuple[int, ...] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple[int, ...] = 1,
) -> Tensor:
    """Convolve each channel on its own, then mix the channels of each pixel.

    Parameters
    ----------
    inputs : tensor, shape (batch, length, channels) or (batch, height, width, channels)
    depthwise_kernel : tensor, shape (*window, channels, multiplier)
    pointwise_kernel : tensor, shape (1, channels * multiplier, filters) or (1, 1, channels * multiplier, filters)

    Returns
    -------
    tensor, shape (batch, *windows, filters)

    Examples
    --------
    >>> separable_conv([[[1.0, 2.0]]], [[[3.0], [4.0]]], [[[1.0], [1.0]]]).tolist()
    [[[11.0]]]
    """
    depth = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(depth, pointwise_kernel, data_format=data_format)


def _run(x, kernel, groups, strides, padding, data_format, dilation_rate, finish=None):
    """Convolve images [N, H, W, C] with a 1-D or 2-D kernel; `finish` = (bias, relu) or None."""
    spatial = kernel.ndim - 2
    strides, dilation = numbers(strides, spatial, "strides"), numbers(dilation_rate, spatial, "dilation_rate")
    if padding not in ("valid", "same") and not (padding == "causal" and spatial == 1):
        raise ArgumentError(
            f"there is no padding {padding!r} in {spatial}-D",
            op="conv",
            fix=did_you_mean(padding, ("valid", "same", "causal")[: 4 - spatial]),
        )
    if padding == "causal":
        padding = ((0, 0), (dilation[0] * (kernel.shape[0] - 1), 0))
    if spatial == 1:
        kernel = public["expand_dims"](kernel, 0)
        strides, dilation = (1, *strides), (1, *dilation)
    geometry = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    if finish is not None and fuses():
        y = _conv2d_bias(x, kernel, finish[0], relu=finish[1], **geometry)
    else:
        y = rounded_product(partial(_conv2d, **geometry), x, kernel)
        if finish is not None:
            y = bias_activation(y, finish[0], "relu" if finish[1] else "linear")
    return back(y, spatial, data_format)


def _groups(x, kernel):
    channels, each = x.shape[-1], kernel.shape[-2]
    if channels is None or each == 0 or channels % each or channels == 0:
        return 1  # the op's shape rule says what is wrong
    return channels // each
