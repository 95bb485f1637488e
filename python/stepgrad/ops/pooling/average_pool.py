"""average_pool: the mean of every window, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.convolution.windows import Frame, output_sizes, resolve_padding, taps
from stepgrad.ops.op import Op, contiguous
from stepgrad.ops.pooling.pool import check_result, pool
from stepgrad.tape.tensor import Tensor


class AveragePool2d(Op):
    formula = r"y_{nhwc} = \frac{1}{k_{hw}} \sum_{i,j} x_{n,\,hs+i-p,\,ws+j-p,\,c},\quad k = \text{pixels inside the image}"
    gradient_formula = r"\bar x_{n,\,hs+i-p,\,ws+j-p,\,c} \mathrel{+}= \bar y_{nhwc} / k_{hw}"
    saves_inputs = ()

    def shape(self, x, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        return (x[0], *output_sizes(x[1:3], pool_size, strides, padding), x[3])

    def reference(self, x, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        shape = self.shape(x.shape, pool_size, strides, padding)
        padding = resolve_padding(padding, x.shape[1:3], pool_size, strides)
        frame = Frame(x.shape[1:3], pool_size, shape[1:3], strides, padding)
        area, total = frame.pad(x), np.zeros(shape, x.dtype)
        for _, _, seen in taps(pool_size, shape[1:3], strides):
            total += area[seen]
        return total / _pixels_inside(frame, x.shape[1:3], pool_size, shape[1:3], strides, x.dtype)

    def launch(self, native, x, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        y = kernels.empty(self.shape(x.shape, pool_size, strides, padding), x.dtype)
        (top, _), (left, _) = resolve_padding(padding, x.shape[1:3], pool_size, strides)
        native(contiguous(x), y, *pool_size, *strides, top, left)
        return y

    def gradient(self, step, gy):
        attrs = {"pool_size": (2, 2), "strides": (2, 2), "padding": "valid", **step.attrs}
        return _average_pool2d_gradient(gy, input_size=step.input_shapes[0][1:3], **attrs)


class AveragePool2dGradient(Op):
    formula = r"\bar x_{n,\,hs+i-p,\,ws+j-p,\,c} \mathrel{+}= \bar y_{nhwc} / k_{hw}"
    gradient_formula = r"\bar{\bar y} = \mathrm{average\_pool2d}(g),\quad g = \bar{\bar x}"
    saves_inputs = ()

    def shape(self, gy, input_size, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        x = (gy[0], *input_size, gy[3])
        check_result(gy, _average_pool2d.shape(x, pool_size, strides, padding))
        return x

    def reference(self, gy, input_size, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        self.shape(gy.shape, input_size, pool_size, strides, padding)
        padding = resolve_padding(padding, input_size, pool_size, strides)
        frame = Frame(input_size, pool_size, gy.shape[1:3], strides, padding)
        share = gy / _pixels_inside(frame, input_size, pool_size, gy.shape[1:3], strides, gy.dtype)
        area = np.zeros((len(gy), *frame.area, gy.shape[3]), gy.dtype)
        for _, _, seen in taps(pool_size, gy.shape[1:3], strides):
            area[seen] += share
        return frame.crop(area, input_size)

    def launch(self, native, gy, input_size, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        gx = kernels.empty(self.shape(gy.shape, input_size, pool_size, strides, padding), gy.dtype)
        (top, _), (left, _) = resolve_padding(padding, input_size, pool_size, strides)
        native(contiguous(gy), gx, *pool_size, *strides, top, left)
        return gx

    def gradient(self, step, g):
        return _average_pool2d(g, **{key: value for key, value in step.attrs.items() if key != "input_size"})


def _pixels_inside(frame, sizes, pool_size, out, strides, dtype):
    """Count how many pixels of each window lie inside the image: [1, OH, OW, 1]."""
    inside = frame.pad(np.ones((1, *sizes, 1), dtype))
    return sum(inside[seen] for _, _, seen in taps(pool_size, out, strides))


_average_pool2d = AveragePool2d()
_average_pool2d_gradient = AveragePool2dGradient()


def average_pool(
    inputs: Any,
    pool_size: int | tuple[int, ...],
    strides: int | tuple[int, ...] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Mean of every window, in 1-D or 2-D. Padding is not counted.

    Parameters
    ----------
    inputs : tensor, shape (batch, length, channels) or (batch, height, width, channels)
    pool_size : int or tuple of int
    strides : int or tuple of int, optional
        Default `pool_size`: windows side by side.
    padding : {"valid", "same"}
        "same" gives ceil(size / stride) windows.
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor, shape (batch, *windows, channels)

    Examples
    --------
    >>> average_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[2.0], [1.0]]]
    """
    return pool(_average_pool2d, "average_pool", inputs, pool_size, strides, padding, data_format)
