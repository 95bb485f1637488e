"""Convolution and pooling in 3-D, plane by plane: sums of 2-D convolutions, poolings of planes and then along the depth."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ShapeError
from stepgrad.ops.convolution.layout import numbers, standard_format
from stepgrad.ops.op import to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor

Size = int | tuple[int, ...]


def conv3d(
    inputs: Any,
    kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Tensor:
    """Slide filters over volumes: for each plane of the filter a 2-D convolution of the frames it sees, added up.

    Parameters
    ----------
    inputs : tensor, shape (batch, depth, height, width, channels), or with channels in front
    kernel : tensor, shape (depth, height, width, channels, filters)
    strides, dilation_rate : int or tuple of 3
    padding : {"valid", "same"}

    Returns
    -------
    tensor, shape (batch, *windows, filters)

    Examples
    --------
    >>> import numpy as np
    >>> conv3d(np.ones((1, 3, 3, 3, 1)), np.ones((2, 2, 2, 1, 1))).shape
    (1, 2, 2, 2, 1)
    """
    x, kernel, back = _volumes(inputs, "conv3d", data_format), to_tensor(kernel), _back(data_format)
    strides, dilation = numbers(strides, 3, "strides"), numbers(dilation_rate, 3, "dilation_rate")
    taps, stride = kernel.shape[0], strides[0]
    if padding == "same":
        x = _pad_depth(x, (taps - 1) * dilation[0] + 1, stride)
    size = _windows(x.shape[1], (taps - 1) * dilation[0] + 1, stride)
    total: Any = None
    for tap in range(taps):
        first = tap * dilation[0]
        frames = x[:, first : first + (size - 1) * stride + 1 : stride]
        part = ops.conv(_planes(frames), kernel[tap], strides[1:], padding, "channels_last", dilation[1:])
        total = part if total is None else total + part
    return back(ops.reshape(total, (-1, size, *total.shape[1:])))


def conv3d_transpose(
    inputs: Any,
    kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    output_padding: Size | None = None,
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Tensor:
    """Transposed convolution of volumes: what the input gradient of `conv3d` computes.

    Parameters
    ----------
    inputs : tensor, shape (batch, depth, height, width, channels)
    kernel : tensor, shape (depth, height, width, filters, channels)

    Examples
    --------
    >>> import numpy as np
    >>> conv3d_transpose(np.ones((1, 2, 2, 2, 1)), np.ones((2, 2, 2, 3, 1)), strides=2).shape
    (1, 4, 4, 4, 3)
    """
    from stepgrad.ops.convolution.conv_transpose import _output_size

    x, kernel, back = _volumes(inputs, "conv3d_transpose", data_format), to_tensor(kernel), _back(data_format)
    strides, dilation = numbers(strides, 3, "strides"), numbers(dilation_rate, 3, "dilation_rate")
    more: Any = (None,) * 3 if output_padding is None else numbers(output_padding, 3, "output_padding", 0)
    taps, stride, depth = kernel.shape[0], strides[0], x.shape[1]
    span = (taps - 1) * dilation[0] + 1
    size, (before, after) = _output_size(depth, span, stride, more[0], padding)
    length = (depth - 1) * stride + span  # of the full result, of which padding cuts the ends
    plane = {"output_padding": None if output_padding is None else more[1:], "data_format": "channels_last"}
    total: Any = None
    for tap in range(taps):
        y = ops.conv_transpose(
            _planes(x), kernel[tap], strides[1:], padding, dilation_rate=dilation[1:], **plane
        )
        y = ops.reshape(y, (-1, depth, 1, *y.shape[1:]))
        y = ops.pad(y, ((0, 0), (0, 0), (0, stride - 1), (0, 0), (0, 0), (0, 0)))  # zeros between the frames
        y = ops.reshape(y, (-1, depth * stride, *y.shape[3:]))[:, : (depth - 1) * stride + 1]
        first = tap * dilation[0]
        y = ops.pad(y, ((0, 0), (first, length - first - y.shape[1]), (0, 0), (0, 0), (0, 0)))
        total = y if total is None else total + y
    if after < 0:
        total = ops.pad(total, ((0, 0), (0, -after), (0, 0), (0, 0), (0, 0)))
    return back(total[:, before : before + size])


def max_pool3d(
    inputs: Any,
    pool_size: Size,
    strides: Size | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Maximum of every window of a volume.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool3d(np.ones((1, 4, 4, 4, 2)), 2).shape
    (1, 2, 2, 2, 2)
    """
    return _pool(ops.max_pool, "max_pool3d", inputs, pool_size, strides, padding, data_format)


def average_pool3d(
    inputs: Any,
    pool_size: Size,
    strides: Size | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Mean of every window of a volume; padding is not counted.

    Examples
    --------
    >>> import numpy as np
    >>> average_pool3d(np.ones((1, 4, 4, 4, 2)), 2).shape
    (1, 2, 2, 2, 2)
    """
    return _pool(ops.average_pool, "average_pool3d", inputs, pool_size, strides, padding, data_format)


def _pool(
    pool: Any, name: str, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: Any
) -> Tensor:
    """Pool each plane, then along the depth: both maximum and mean over a box can be taken axis by axis."""
    x, back = _volumes(inputs, name, data_format), _back(data_format)
    window = numbers(pool_size, 3, "pool_size")
    strides = window if strides is None else numbers(strides, 3, "strides")
    y = pool(_planes(x), window[1:], strides[1:], padding, "channels_last")
    sizes = y.shape[1:]
    y = ops.reshape(y, (-1, x.shape[1], sizes[0] * sizes[1] * sizes[2]))
    y = pool(y, window[:1], strides[:1], padding, "channels_last")
    return back(ops.reshape(y, (-1, y.shape[1], *sizes)))


def adaptive_average_pool(inputs: Any, output_size: Size, data_format: str | None = None) -> Tensor:
    """Mean of windows that are chosen so that `output_size` of them fit, in 1-D, 2-D or 3-D.

    The i-th of m windows over n entries goes from floor(i n / m) to ceil((i + 1) n / m).

    Examples
    --------
    >>> adaptive_average_pool([[[1.0], [2.0], [3.0]]], 2).tolist()
    [[[1.5], [2.5]]]
    """
    return _adaptive(ops.mean, "adaptive_average_pool", inputs, output_size, data_format)


def adaptive_max_pool(inputs: Any, output_size: Size, data_format: str | None = None) -> Tensor:
    """Maximum of windows that are chosen so that `output_size` of them fit; see `adaptive_average_pool`.

    Examples
    --------
    >>> adaptive_max_pool([[[1.0], [2.0], [3.0]]], 2).tolist()
    [[[2.0], [3.0]]]
    """
    return _adaptive(ops.max, "adaptive_max_pool", inputs, output_size, data_format)


def _adaptive(reduction: Any, name: str, inputs: Any, output_size: Any, data_format: Any) -> Tensor:
    x = to_tensor(inputs)
    rank = x.ndim - 2
    first = 1 if standard_format(data_format) == "channels_last" else 2
    for axis, m in enumerate(numbers(output_size, rank, "output_size"), first):
        n = x.shape[axis]
        if n is None:
            raise ShapeError("the size of a pooled axis must be known", op=name, got=str(tuple(x.shape)))
        whole = (slice(None),) * axis
        parts = [x[(*whole, slice(i * n // m, -(-(i + 1) * n // m)))] for i in range(m)]
        x = ops.concatenate([reduction(part, axis, keepdims=True) for part in parts], axis)
    return x


def _volumes(inputs: Any, name: str, data_format: Any) -> Any:
    """Return volumes as [N, D, H, W, C]."""
    x = to_tensor(inputs)
    if x.ndim != 5:
        raise ShapeError(
            "volumes have five axes",
            op=name,
            expected="(batch, depth, height, width, channels)",
            got=str(tuple(x.shape)),
        )
    x = x if standard_format(data_format) == "channels_last" else ops.moveaxis(x, 1, -1)
    if x.shape[1] is None:
        raise ShapeError("the depth of volumes must be known", op=name, got=str(tuple(x.shape)))
    return x


def _back(data_format: Any) -> Any:
    last = standard_format(data_format) == "channels_last"
    return lambda y: y if last else ops.moveaxis(y, -1, 1)


def _planes(x: Any) -> Any:
    return ops.reshape(x, (-1, *x.shape[2:]))


def _windows(size: int, span: int, stride: int) -> int:
    if size < span:
        raise ShapeError(
            "the window is deeper than the volume", expected=f"at least {span} planes", got=str(size)
        )
    return (size - span) // stride + 1


def _pad_depth(x: Any, span: int, stride: int) -> Any:
    total = max((-(-x.shape[1] // stride) - 1) * stride + span - x.shape[1], 0)
    return ops.pad(x, ((0, 0), (total // 2, total - total // 2), (0, 0), (0, 0), (0, 0)))
