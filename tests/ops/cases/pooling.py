"""Cases of stepgrad.ops.pooling."""

import numpy as np

from ops.harness import Case, Input, distinct, integers, x32
from stepgrad import ops
from stepgrad.ops.convolution.windows import resolve_padding
from stepgrad.ops.pooling.average_pool import _average_pool2d, _average_pool2d_gradient
from stepgrad.ops.pooling.max_pool import _max_pool2d_gather, _max_pool2d_gradient

MAX = ("max_pool2d", "max_pool2d_gradient", "max_pool2d_gather")
AVERAGE = ("average_pool2d", "average_pool2d_gradient")


def _pool(reduce):
    """Pool with NaN around the image: nanmax and nanmean do not see the padding."""

    def expected(x, pool_size, strides=None, padding="valid"):
        strides = strides or pool_size
        pads = resolve_padding(padding, x.shape[1:3], pool_size, strides)
        padded = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=np.nan)
        seen = np.lib.stride_tricks.sliding_window_view(padded, pool_size, (1, 2))[
            :, :: strides[0], :: strides[1]
        ]
        return reduce(seen, axis=(-1, -2)) if len(x) else np.zeros(seen.shape[:4])

    return expected


SHAPES = [
    ((1, 4, 4, 1),),
    ((0, 4, 4, 2),),
    ((2, 7, 5, 3),),
    ((1, 5, 6, 8),),
    ((3, 4, 9, 17),),
    ((1, 4, 4, 33),),
]


def _cases(names, call, reduce, domain, **more):
    expected = _pool(reduce)
    bad = [
        (lambda: call(x32(2, 3, 8, 1), 4), "the window is larger than the image"),
        (lambda: call(x32(8, 8), 2), "add the batch and channel axes"),
        (lambda: call(x32(8, 8, 1), (2, 2)), "add the batch axis: x[None]"),
        (lambda: call(x32(1, 8, 8, 1), 2, padding="some"), "did you mean 'same'?"),
        (lambda: call(x32(1, 8, 8, 1), 0), "pool_size does not fit"),
    ]
    base = {"pool_size": (2, 2)}
    return [
        Case(
            names,
            call,
            [Input((2, 6, 5, 3), domain)],
            base,
            expected,
            SHAPES,
            ((7, 41, 39, 9),),
            errors=bad,
            **more,
        ),
        Case(
            names,
            call,
            [Input((2, 6, 5, 3), domain)],
            {"pool_size": (3, 2), "strides": (1, 2)},
            expected,
            label="overlap",
            **more,
        ),
        Case(
            names,
            call,
            [Input((2, 6, 5, 3), domain)],
            {"pool_size": (3, 3), "strides": (2, 3), "padding": "same"},
            expected,
            label="same",
            **more,
        ),
        Case(
            names,
            call,
            [Input((2, 7, 6, 2), domain)],
            {"pool_size": (2, 1), "strides": (3, 4)},
            expected,
            label="gaps",
            **more,
        ),
    ]


CASES = [
    *_cases(MAX, ops.max_pool, np.nanmax, distinct),
    *_cases(AVERAGE, ops.average_pool, np.nanmean, lambda rng, shape: rng.normal(size=shape), linear=True),
    Case(
        "max_pool2d_gradient",
        _max_pool2d_gradient,
        [Input((1, 2, 2, 3)), Input((1, 2, 2, 3), integers(0, 12), "int64")],
        {"input_size": (3, 4)},
        expected=lambda gy, at, input_size: np.stack(
            [
                np.bincount(at[0, ..., c].ravel(), gy[0, ..., c].ravel(), 12).reshape(input_size)
                for c in range(3)
            ],
            -1,
        )[None],
        linear=True,
        batch=(0, 1),
        errors=[
            (
                lambda: _max_pool2d_gradient(x32(1, 2, 2, 3), np.zeros((1, 2, 1, 3), int), input_size=(3, 4)),
                "shape of the pooling's result",
            )
        ],
    ),
    Case(
        "max_pool2d_gather",
        _max_pool2d_gather,
        [Input((1, 3, 4, 3)), Input((1, 2, 2, 3), integers(0, 12), "int64")],
        expected=lambda x, at: np.stack([x[0, ..., c].ravel()[at[0, ..., c]] for c in range(3)], -1)[None],
        linear=True,
        batch=(0, 1),
        errors=[
            (
                lambda: _max_pool2d_gather(x32(1, 3, 4, 3), np.zeros((1, 2, 2, 1), int)),
                "shape of the pooling's result",
            )
        ],
    ),
    Case(
        "average_pool2d_gradient",
        _average_pool2d_gradient,
        [Input((1, 2, 2, 1))],
        {"input_size": (3, 3), "pool_size": (2, 2), "strides": (2, 2), "padding": "same"},
        expected=lambda gy, **attrs: np.repeat(np.repeat(gy / [[[[4], [2]], [[2], [1]]]], 2, 1), 2, 2)[
            :, :3, :3
        ],
        linear=True,
        errors=[
            (
                lambda: _average_pool2d_gradient(x32(1, 2, 2, 1), input_size=(9, 9)),
                "does not have the shape of the pooling's result",
            ),
            (lambda: _average_pool2d(x32(1, 9, 9, 1), pool_size=(10, 2)), "larger than the image"),
        ],
    ),
]
