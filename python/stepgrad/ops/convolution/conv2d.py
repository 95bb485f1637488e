"""conv2d: a filter slides over images. With its two gradients it is a closed family: each one's gradient is the other two.

All three are linear in each input, so gradients of gradients need nothing new. Images are [N, H, W, C], filters
[KH, KW, C / groups, O]. (Deep-learning "convolution" is cross-correlation: the filter is not flipped.)
"""

from __future__ import annotations

import math

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.convolution.windows import Frame, output_sizes, resolve_padding, taps
from stepgrad.ops.op import Op, contiguous


class Conv2d(Op):
    formula = r"y_{nhwo} = \sum_{i,j,c} x_{n,\,hs+id-p,\,ws+jd-p,\,c}\; w_{ijco}"
    gradient_formula = (
        r"\bar x_{n,\,hs+id-p,\,ws+jd-p,\,c} \mathrel{+}= \bar y_{nhwo}\, w_{ijco},"
        r"\quad \bar w_{ijco} = \sum_{n,h,w} x_{n,\,hs+id-p,\,ws+jd-p,\,c}\; \bar y_{nhwo}"
    )

    def shape(self, x, w, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
        check_channels(x, w, groups)
        return (x[0], *output_sizes(x[1:3], w[:2], strides, padding, dilation), w[3])

    def reference(self, x, w, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
        shape = self.shape(x.shape, w.shape, strides, padding, dilation, groups)
        padding = resolve_padding(padding, x.shape[1:3], w.shape[:2], strides, dilation)
        area = Frame(x.shape[1:3], w.shape[:2], shape[1:3], strides, padding, dilation).pad(x)
        y = np.zeros((groups, math.prod(shape[:3]), shape[3] // groups), x.dtype)
        for i, j, seen in taps(w.shape[:2], shape[1:3], strides, dilation):
            y += _split(area[seen], groups) @ _split(w[i, j], groups)
        return _join(y, shape)

    def launch(self, native, x, w, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
        y = kernels.empty(self.shape(x.shape, w.shape, strides, padding, dilation, groups), x.dtype)
        (top, _), (left, _) = resolve_padding(padding, x.shape[1:3], w.shape[:2], strides, dilation)
        native(contiguous(x), contiguous(w), y, *strides, top, left, *dilation, groups)
        return y

    def gradient(self, step, gy):
        return convolution_gradients(step, gy, step.attrs)


class Conv2dInputGradient(Op):
    formula = r"\bar x_{n,\,hs+id-p,\,ws+jd-p,\,c} \mathrel{+}= \bar y_{nhwo}\, w_{ijco}"
    gradient_formula = (
        r"\bar{\bar y} = \mathrm{conv2d}(g, w),\quad \bar w = \mathrm{conv2d\_weight\_gradient}(g, \bar y),"
        r"\quad g = \bar{\bar x}"
    )

    def shape(self, gy, w, input_size, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
        x = (gy[0], *input_size, w[2] * groups)
        _check_result(gy, _conv2d.shape(x, w, strides, padding, dilation, groups))
        return x

    def reference(
        self, gy, w, input_size, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1
    ):
        shape = self.shape(gy.shape, w.shape, input_size, strides, padding, dilation, groups)
        frame = Frame(input_size, w.shape[:2], gy.shape[1:3], strides, padding, dilation)
        area = np.zeros((len(gy), *frame.area, shape[-1]), gy.dtype)
        rows = _split(gy, groups)
        for i, j, seen in taps(w.shape[:2], gy.shape[1:3], strides, dilation):
            area[seen] += _join(rows @ _split(w[i, j], groups).swapaxes(1, 2), (*gy.shape[:3], shape[-1]))
        return frame.crop(area, input_size)

    def launch(
        self, native, gy, w, input_size, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1
    ):
        x = kernels.empty(
            self.shape(gy.shape, w.shape, input_size, strides, padding, dilation, groups), gy.dtype
        )
        before = padding[0][0], padding[1][0]
        native(contiguous(gy), contiguous(w), x, *strides, *before, *dilation, groups)
        return x

    def gradient(self, step, g):
        gy, w = step.inputs
        attrs = {key: value for key, value in step.attrs.items() if key != "input_size"}
        return (
            _conv2d(g, w, **attrs) if step.needs(0) else None,
            _conv2d_weight_gradient(g, gy, kernel_size=w.shape[:2], **attrs) if step.needs(1) else None,
        )


class Conv2dWeightGradient(Op):
    formula = r"\bar w_{ijco} = \sum_{n,h,w} x_{n,\,hs+id-p,\,ws+jd-p,\,c}\; \bar y_{nhwo}"
    gradient_formula = (
        r"\bar x = \mathrm{conv2d\_input\_gradient}(\bar y, g),\quad \bar{\bar y} = \mathrm{conv2d}(x, g),"
        r"\quad g = \bar{\bar w}"
    )

    def shape(self, x, gy, kernel_size, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
        w = (*kernel_size, x[3] // groups, gy[3])
        _check_result(gy, _conv2d.shape(x, w, strides, padding, dilation, groups))
        return w

    def reference(
        self, x, gy, kernel_size, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1
    ):
        shape = self.shape(x.shape, gy.shape, kernel_size, strides, padding, dilation, groups)
        area = Frame(x.shape[1:3], kernel_size, gy.shape[1:3], strides, padding, dilation).pad(x)
        w = kernels.empty(shape, x.dtype)
        rows = _split(gy, groups)
        for i, j, seen in taps(kernel_size, gy.shape[1:3], strides, dilation):
            w[i, j] = _join(_split(area[seen], groups).swapaxes(1, 2) @ rows, shape[2:])
        return w

    def launch(
        self, native, x, gy, kernel_size, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1
    ):
        w = kernels.empty(
            self.shape(x.shape, gy.shape, kernel_size, strides, padding, dilation, groups), x.dtype
        )
        before = padding[0][0], padding[1][0]
        native(contiguous(x), contiguous(gy), w, *strides, *before, *dilation, groups)
        return w

    def gradient(self, step, g):
        x, gy = step.inputs
        attrs = {key: value for key, value in step.attrs.items() if key != "kernel_size"}
        return (
            _conv2d_input_gradient(gy, g, input_size=x.shape[1:3], **attrs) if step.needs(0) else None,
            _conv2d(x, g, **attrs) if step.needs(1) else None,
        )


_DEFAULTS = {"strides": (1, 1), "padding": "valid", "dilation": (1, 1), "groups": 1}


def convolution_gradients(step, gy, attrs):
    """Return the gradients of a convolution's images and filters, the first two inputs of `step`."""
    x, w = step.inputs[:2]
    attrs = {**_DEFAULTS, **attrs}
    sizes, window = x.shape[1:3], w.shape[:2]
    attrs["padding"] = resolve_padding(attrs["padding"], sizes, window, attrs["strides"], attrs["dilation"])
    return (
        _conv2d_input_gradient(gy, w, input_size=sizes, **attrs) if step.needs(0) else None,
        _conv2d_weight_gradient(x, gy, kernel_size=window, **attrs) if step.needs(1) else None,
    )


def _split(a, groups):
    """[..., groups * n] to [groups, rows, n]: one matrix product a group."""
    return a.reshape(-1, groups, a.shape[-1] // groups).swapaxes(0, 1)


def _join(a, shape):
    """[groups, rows, n] to `shape` = [..., groups * n]."""
    return a.swapaxes(0, 1).reshape(shape)


def check_channels(x, w, groups):
    """Raise where images and filter do not fit together, and name the likely mistake."""
    if len(x) != 4 or len(w) != 4:
        raise ShapeError(
            "images and filter have four axes",
            expected="[N, H, W, C] and [KH, KW, C / groups, O]",
            got=f"{x} and {w}",
        )
    channels, needed, filters = x[3], w[2] * groups, w[3]
    if channels is None:
        raise ShapeError("the number of channels must be known", got=f"images of shape {x}")
    if channels != needed:
        first = "the images look channels first: pass data_format='channels_first', or transpose them to (0, 2, 3, 1)"
        raise ShapeError(
            "the filter does not fit the channels of the images",
            expected=f"{needed} channels{'' if groups > 1 else ', or a multiple of it for groups'} (filter {w})",
            got=f"{channels} channels (images {x}, channels last)",
            fix=first if x[1] == needed else "make the filter for as many channels as the images have",
        )
    if filters % groups:
        raise ShapeError(
            "the filters cannot be shared out among the groups",
            expected=f"a number of filters divisible by {groups}",
            got=str(filters),
        )


def _check_result(gy, expected):
    if len(gy) != 4 or any(None not in (a, b) and a != b for a, b in zip(gy, expected)):
        raise ShapeError(
            "the gradient does not have the shape of the convolution's result",
            expected=str(expected),
            got=str(gy),
        )


_conv2d = Conv2d()
_conv2d_input_gradient = Conv2dInputGradient()
_conv2d_weight_gradient = Conv2dWeightGradient()
