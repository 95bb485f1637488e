"""Cases of stepgrad.ops.convolution: conv2d and its two gradients, against sums written out with einsum."""

import numpy as np

from ops.harness import Case, Input, x32
from stepgrad import ops
from stepgrad.ops.convolution.conv2d import _conv2d, _conv2d_input_gradient, _conv2d_weight_gradient
from stepgrad.ops.convolution.conv2d_bias import _conv2d_bias
from stepgrad.ops.convolution.windows import resolve_padding

FAMILY = ("conv2d", "conv2d_input_gradient", "conv2d_weight_gradient")


def _windows(x, window, strides, padding, dilation):
    """[N, OH, OW, KH, KW, C]: what every window sees."""
    padded = np.pad(x, ((0, 0), *padding, (0, 0)))
    span = [(k - 1) * d + 1 for k, d in zip(window, dilation)]
    seen = np.lib.stride_tricks.sliding_window_view(padded, span, (1, 2))  # N, H', W', C, KH', KW'
    seen = seen[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]
    return np.moveaxis(seen, 3, -1)


def _expected(x, w, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
    padding = resolve_padding(padding, x.shape[1:3], w.shape[:2], strides, dilation)
    seen = _windows(x, w.shape[:2], strides, padding, dilation)
    seen = seen.reshape(*seen.shape[:5], groups, w.shape[2])
    filters = w.reshape(*w.shape[:3], groups, w.shape[3] // groups)
    return np.einsum("nhwijgc,ijcgo->nhwgo", seen, filters).reshape(*seen.shape[:3], w.shape[3])


def _case(x, w, label, **attrs):
    return Case(
        FAMILY, _conv2d, [Input(x), Input(w)], attrs, _expected, linear="each", batch=(0,), label=label
    )


EXPLICIT = {"strides": (2, 1), "padding": ((1, 0), (0, 2)), "dilation": (1, 2), "groups": 2}


def _adjoint(x, w, y, of, **attrs):
    """The gradient of a bilinear map by its definition: <conv(x, w), y> written as a matrix of basis vectors."""
    basis = np.eye(int(np.prod(of))).reshape(-1, *of)
    pair = (lambda e: (e, w)) if x is None else (lambda e: (x, e))
    return np.array([(_expected(*pair(e), **attrs) * y).sum() for e in basis]).reshape(of)


CASES = [
    Case(
        FAMILY,
        _conv2d,
        [Input((2, 5, 6, 3)), Input((3, 2, 3, 4))],
        expected=_expected,
        shapes=[
            ((1, 1, 1, 1), (1, 1, 1, 1)),
            ((0, 5, 5, 3), (3, 3, 3, 4)),
            ((1, 7, 9, 5), (3, 5, 5, 7)),
            ((3, 4, 17, 8), (1, 1, 8, 9)),
            ((2, 9, 8, 1), (5, 3, 1, 17)),
            ((1, 8, 8, 16), (3, 3, 16, 33)),
        ],
        large=((5, 21, 19, 17), (3, 3, 17, 23)),
        linear="each",
        errors=[
            (lambda: ops.conv(x32(2, 3, 8, 8), x32(3, 3, 3, 4)), "data_format='channels_first'"),
            (lambda: ops.conv(x32(2, 8, 8, 5), x32(3, 3, 3, 4)), "or a multiple of it for groups"),
            (lambda: ops.conv(x32(2, 8, 8, 6), x32(3, 3, 3, 5)), "divisible by 2"),
            (lambda: ops.conv(x32(2, 2, 8, 3), x32(3, 3, 3, 4)), "the window is larger than the image"),
            (lambda: ops.conv(x32(8, 8, 3), x32(3, 3, 3, 4)), "add the batch axis: x[None]"),
            (lambda: ops.conv(x32(1, 8, 8, 3), x32(3, 3, 3, 4), padding="sme"), "did you mean 'same'?"),
            (
                lambda: ops.conv(x32(1, 8, 8, 3), x32(3, 3, 3, 4), padding="causal"),
                "no padding 'causal' in 2-D",
            ),
            (lambda: ops.conv(x32(1, 8, 8, 3), x32(3, 3, 3, 4), strides=0), "strides does not fit"),
            (lambda: ops.conv(x32(1, 8, 8, 3), x32(3, 3, 3, 4), data_format="channel_last"), "channels_last"),
            (lambda: ops.conv(x32(1, 8), x32(3, 4)), "1 or 2 spatial axes"),
            (lambda: ops.depthwise_conv(x32(1, 8, 8, 3), x32(3, 3, 4, 1)), "each channel needs a filter"),
            (lambda: ops.conv_transpose(x32(1, 8, 8, 3), x32(3, 3, 3, 4)), "filters before the channels"),
            (
                lambda: ops.conv_transpose(x32(1, 8, 8, 3), x32(3, 3, 4, 3), padding="full"),
                "no padding 'full'",
            ),
        ],
    ),
    _case((2, 6, 5, 3), (3, 3, 3, 4), "same", padding="same"),
    _case((2, 7, 6, 2), (3, 2, 2, 3), "same_strided", padding="same", strides=(2, 3)),
    _case((2, 7, 8, 2), (3, 2, 2, 3), "dilated", dilation=(2, 3)),
    _case((1, 5, 4, 6), (2, 3, 2, 9), "groups", groups=3),
    _case((2, 5, 4, 3), (3, 3, 1, 6), "depthwise", groups=3, padding="same"),
    _case((2, 6, 5, 4), (3, 2, 2, 6), "explicit", **EXPLICIT),
    Case(
        "conv2d_bias",
        _conv2d_bias,
        [Input((2, 5, 4, 3)), Input((3, 2, 3, 4)), Input((4,))],
        {"padding": "same"},
        expected=lambda x, w, b, **attrs: _expected(x, w, **attrs) + b,
        shapes=[
            ((1, 1, 1, 1), (1, 1, 1, 1), (1,)),
            ((0, 5, 5, 3), (3, 3, 3, 4), (4,)),
            ((1, 6, 5, 2), (3, 3, 2, 17), (17,)),
        ],
        large=((5, 21, 19, 17), (3, 3, 17, 23), (23,)),
        errors=[(lambda: _conv2d_bias(x32(1, 4, 4, 3), x32(3, 3, 3, 4), x32(3)), "each filter has one bias")],
    ),
    Case(
        "conv2d_bias",
        _conv2d_bias,
        [Input((2, 5, 4, 4)), Input((3, 2, 2, 6)), Input((6,))],
        {"relu": True, **EXPLICIT},
        expected=lambda x, w, b, relu, **attrs: np.maximum(_expected(x, w, **attrs) + b, 0),
        kink=lambda x, w, b: bool((np.abs(_expected(x, w, **EXPLICIT) + b) < 1e-3).any()),
        label="relu",
    ),
    Case(
        "conv2d_input_gradient",
        _conv2d_input_gradient,
        [Input((1, 3, 5, 6)), Input((3, 2, 2, 6))],
        {"input_size": (6, 5), **EXPLICIT},
        expected=lambda gy, w, input_size, **attrs: _adjoint(None, w, gy, (1, *input_size, 4), **attrs),
        linear="each",
        errors=[
            (
                lambda: _conv2d_input_gradient(x32(1, 3, 3, 2), x32(3, 3, 1, 2), input_size=(6, 6)),
                "does not have the shape of the convolution's result",
            )
        ],
    ),
    Case(
        "conv2d_weight_gradient",
        _conv2d_weight_gradient,
        [Input((1, 6, 5, 4)), Input((1, 3, 5, 6))],
        {"kernel_size": (3, 2), **EXPLICIT},
        expected=lambda x, gy, kernel_size, **attrs: _adjoint(x, None, gy, (*kernel_size, 2, 6), **attrs),
        linear="each",
        batch=(0, 1),
        errors=[
            (
                lambda: _conv2d_weight_gradient(x32(1, 6, 6, 1), x32(1, 3, 3, 2), kernel_size=(3, 3)),
                "does not have the shape of the convolution's result",
            )
        ],
    ),
]
