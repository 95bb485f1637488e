"""conv_transpose: the transpose of a convolution, which makes images larger."""

from __future__ import annotations

from functools import partial
from typing import Any

from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.ops.convolution.conv2d import _conv2d_input_gradient
from stepgrad.ops.convolution.layout import back, images, numbers, spatial_axes, standard_format
from stepgrad.ops.linalg.bfloat16 import rounded_product
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: int | tuple[int, ...] = 1,
    padding: str = "valid",
    output_padding: int | tuple[int, ...] | None = None,
    data_format: str | None = None,
    dilation_rate: int | tuple[int, ...] = 1,
) -> Tensor:
    """Transposed convolution in 1-D, 2-D and, as `conv3d_transpose`, 3-D: what the input gradient of :func:`conv` computes.

    With a window that spans k pixels the output has (size - 1) * stride + max(k, stride) pixels for "valid" and
    size * stride for "same". An `output_padding` p makes that (size - 1) * stride + k + p and
    (size - 1) * stride + k % 2 + p.

    Parameters
    ----------
    inputs : tensor, shape (batch, length, channels) or (batch, height, width, channels)
    kernel : tensor, shape (length, filters, channels) or (height, width, filters, channels)
    strides, dilation_rate : int or tuple of int
    padding : {"valid", "same"}
    output_padding : int or tuple of int, optional
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor, shape (batch, *sizes, filters)

    Examples
    --------
    >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2).tolist()
    [[[1.0], [10.0], [2.0], [20.0]]]
    """
    kernel = to_tensor(kernel)
    if kernel.ndim == 5:
        options = strides, padding, output_padding, data_format, dilation_rate
        return public["conv3d_transpose"](inputs, kernel, *options)
    spatial = spatial_axes(kernel, "conv_transpose")
    data_format = standard_format(data_format)
    x = images(inputs, spatial, data_format, "conv_transpose")
    if x.shape[-1] != kernel.shape[-1]:
        raise ShapeError(
            "the kernel does not fit the channels of the inputs",
            op="conv_transpose",
            expected=f"(*window, filters, {x.shape[-1]})",
            got=str(tuple(kernel.shape)),
            fix="the kernel of a transposed convolution has the filters before the channels",
        )
    if padding not in ("valid", "same"):
        raise ArgumentError(
            f"there is no padding {padding!r}",
            op="conv_transpose",
            fix=did_you_mean(padding, ("valid", "same")),
        )
    strides, dilation = numbers(strides, spatial, "strides"), numbers(dilation_rate, spatial, "dilation_rate")
    extra = (
        (None,) * spatial if output_padding is None else numbers(output_padding, spatial, "output_padding", 0)
    )
    if spatial == 1:
        kernel = public["expand_dims"](kernel, 0)
        strides, dilation, extra = (1, *strides), (1, *dilation), (None, *extra)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation)]
    axes = zip(x.shape[1:3], spans, strides, extra)
    sizes, cuts = zip(*[_output_size(n, span, stride, more, padding) for n, span, stride, more in axes])
    geometry = {"input_size": sizes, "strides": strides, "padding": cuts, "dilation": dilation, "groups": 1}
    y = rounded_product(partial(_conv2d_input_gradient, **geometry), x, kernel)
    return back(y, spatial, data_format)


def _output_size(size, span, stride, extra, padding):
    """Return the output's size, and how much of the full result (size - 1) * stride + span is cut (before, behind)."""
    if padding == "valid":
        cut = (0, -(max(span, stride) - span if extra is None else extra))
    else:
        total = span - stride if extra is None else span - span % 2 - extra
        before = max(total // 2, 0)
        cut = (before, total - before)
    return None if size is None else (size - 1) * stride + span - sum(cut), cut
