"""max_pool: the largest entry of every window, and its gradient, which follows the winners."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.convolution.windows import Frame, output_sizes, resolve_padding, taps
from stepgrad.ops.op import Op, contiguous
from stepgrad.ops.pooling.pool import check_result, pool
from stepgrad.tape.tensor import Tensor


class MaxPool2d(Op):
    """Returns the maxima and, as h * W + w, where they were found. NaN wins over everything, the first wins ties."""

    formula = r"y_{nhwc} = \max_{i,j} x_{n,\,hs+i-p,\,ws+j-p,\,c}"
    gradient_formula = r"\bar x_{n,\mathrm{argmax}(nhwc),c} \mathrel{+}= \bar y_{nhwc}"
    saves_inputs, saves_output = (), (1,)
    outputs = 2

    def shape(self, x, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        y = (x[0], *output_sizes(x[1:3], pool_size, strides, padding), x[3])
        return y, y

    def dtype(self, x, **attrs):
        return super().dtype(x), "int32"

    def reference(self, x, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        shape, _ = self.shape(x.shape, pool_size, strides, padding)
        padding = resolve_padding(padding, x.shape[1:3], pool_size, strides)
        frame = Frame(x.shape[1:3], pool_size, shape[1:3], strides, padding)
        area = frame.pad(x, -np.inf)
        places = frame.pad(
            np.arange(x.shape[1] * x.shape[2], dtype=np.int32).reshape(1, *x.shape[1:3], 1), -1
        )
        y, argmax = np.full(shape, -np.inf, x.dtype), np.full(shape, -1, np.int32)
        for _, _, seen in taps(pool_size, shape[1:3], strides):
            value, place = area[seen], places[seen]
            wins = (value > y) | (np.isnan(value) & ~np.isnan(y)) | ((argmax < 0) & (place >= 0))
            y, argmax = np.where(wins, value, y), np.where(wins, place, argmax)
        return y, argmax

    def launch(self, native, x, pool_size=(2, 2), strides=(2, 2), padding="valid"):
        shape, _ = self.shape(x.shape, pool_size, strides, padding)
        (top, _), (left, _) = resolve_padding(padding, x.shape[1:3], pool_size, strides)
        y, argmax = kernels.empty(shape, x.dtype), kernels.empty(shape, np.int32)
        native(contiguous(x), y, argmax, *pool_size, *strides, top, left)
        return y, argmax

    def gradient(self, step, gy, _):
        sizes, (pool_size, strides, padding) = step.input_shapes[0][1:3], self._windows(**step.attrs)
        (top, _), (left, _) = resolve_padding(padding, sizes, pool_size, strides)
        windows = *pool_size, *strides, top, left
        return _max_pool2d_gradient(gy, step.outputs[1].detach(), input_size=sizes, windows=windows)

    @staticmethod
    def _windows(pool_size=(2, 2), strides=(2, 2), padding="valid"):
        return pool_size, strides, padding


class MaxPool2dGradient(Op):
    """Add every gradient where `argmax` says. `windows` (sizes, strides, pads) are those that made `argmax`, if known."""

    formula = r"\bar x_{n,\mathrm{argmax}(nhwc),c} \mathrel{+}= \bar y_{nhwc}"
    gradient_formula = r"\bar{\bar y}_{nhwc} = g_{n,\mathrm{argmax}(nhwc),c},\quad g = \bar{\bar x}"
    saves_inputs = (1,)
    promote = None  # argmax stays an integer

    def shape(self, gy, argmax, input_size, windows=None):
        check_result(gy, argmax)
        return (gy[0], *input_size, gy[3])

    def reference(self, gy, argmax, input_size, windows=None):
        n, _, _, c = self.shape(gy.shape, argmax.shape, input_size)
        gx = np.zeros((n, input_size[0] * input_size[1], c), gy.dtype)
        np.add.at(gx, (np.arange(n)[:, None, None, None], argmax, np.arange(c)), gy)
        return gx.reshape(n, *input_size, c)

    def launch(self, native, gy, argmax, input_size, windows=None):
        gx = kernels.empty(self.shape(gy.shape, argmax.shape, input_size), gy.dtype)
        native(contiguous(gy), contiguous(argmax.astype(np.int32, copy=False)), gx, *(windows or _UNKNOWN))
        return gx

    def gradient(self, step, g):
        return _max_pool2d_gather(g, step.inputs[1], windows=step.attrs.get("windows")), None


class MaxPool2dGather(Op):
    """Pick what stands where another image had its maxima: the transpose of MaxPool2dGradient."""

    formula = r"y_{nhwc} = x_{n,\mathrm{argmax}(nhwc),c}"
    gradient_formula = r"\bar x_{n,\mathrm{argmax}(nhwc),c} \mathrel{+}= \bar y_{nhwc}"
    saves_inputs = (1,)
    promote = None

    def shape(self, x, argmax, windows=None):
        check_result((x[0], *argmax[1:3], x[3]), argmax)
        return argmax

    def reference(self, x, argmax, windows=None):
        self.shape(x.shape, argmax.shape)
        n, h, w, c = x.shape
        return np.take_along_axis(x.reshape(n, h * w, c), argmax.reshape(n, -1, c), 1).reshape(argmax.shape)

    def gradient(self, step, gy):
        sizes = step.input_shapes[0][1:3]
        return _max_pool2d_gradient(gy, step.inputs[1], input_size=sizes, **step.attrs), None


_UNKNOWN = (0, 0, 1, 1, 0, 0)
_max_pool2d = MaxPool2d()
_max_pool2d_gradient = MaxPool2dGradient()
_max_pool2d_gather = MaxPool2dGather()


def max_pool(
    inputs: Any,
    pool_size: int | tuple[int, ...],
    strides: int | tuple[int, ...] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Largest entry of every window, in 1-D or 2-D. The gradient goes to the first largest entry.

    Parameters
    ----------
    inputs : tensor, shape (batch, length, channels) or (batch, height, width, channels)
    pool_size : int or tuple of int
    strides : int or tuple of int, optional
        Default `pool_size`: windows side by side.
    padding : {"valid", "same"}
        "same" gives ceil(size / stride) windows; what they see outside of the image never wins.
    data_format : {"channels_last", "channels_first"}, optional

    Returns
    -------
    tensor, shape (batch, *windows, channels)

    Examples
    --------
    >>> max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    return pool(
        lambda x, **attrs: _max_pool2d(x, **attrs)[0],
        "max_pool",
        inputs,
        pool_size,
        strides,
        padding,
        data_format,
    )
