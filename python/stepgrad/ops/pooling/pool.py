"""What max_pool and average_pool share: Keras's arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.ops.convolution.layout import back, images, numbers, standard_format
from stepgrad.ops.op import to_tensor


def pool(
    op: Callable, name: str, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: Any
) -> Any:
    """Run a 2-D pooling op on sequences or images in any layout."""
    x = to_tensor(inputs)
    spatial = len(pool_size) if isinstance(pool_size, tuple | list) else x.ndim - 2
    if spatial not in (1, 2):
        raise ShapeError(
            "pooling needs sequences or images",
            op=name,
            expected="(batch, length, channels) or (batch, height, width, channels)",
            got=str(tuple(x.shape)),
            fix="add the batch and channel axes: x[None, ..., None]" if x.ndim < 3 else None,
        )
    if padding not in ("valid", "same"):
        raise ArgumentError(
            f"there is no padding {padding!r}", op=name, fix=did_you_mean(padding, ("valid", "same"))
        )
    data_format = standard_format(data_format)
    window = numbers(pool_size, spatial, "pool_size")
    strides = window if strides is None else numbers(strides, spatial, "strides")
    if spatial == 1:
        window, strides = (1, *window), (1, *strides)
    y = op(images(x, spatial, data_format, name), pool_size=window, strides=strides, padding=padding)
    return back(y, spatial, data_format)


def check_result(gy: tuple, expected: tuple) -> None:
    """Raise unless a gradient has the shape of the pooling's result."""
    if len(gy) != len(expected) or any(None not in (a, b) and a != b for a, b in zip(gy, expected)):
        raise ShapeError(
            "the gradient does not have the shape of the pooling's result",
            expected=str(expected),
            got=str(gy),
        )
