"""Cases of stepgrad.ops.normalization: the fused statistics; the compositions are tested against torch."""

import numpy as np

from ops.harness import Case, Input, normal, positive, x32
from stepgrad import ops
from stepgrad.ops.normalization.fused import batch_norm, layer_norm
from stepgrad.ops.normalization.moments import _batch_norm_statistics
from stepgrad.ops.normalization.rms_norm import rms_norm


def _normalized(by_sample):
    def expected(x, scale, offset, epsilon):
        axes = -1 if by_sample else tuple(range(x.ndim - 1))
        mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        shape = x.shape[:-1] if by_sample else x.shape[-1:]
        y = (x - mean) / np.sqrt(variance + epsilon) * scale + offset
        return y, mean.reshape(shape), variance.reshape(shape)

    return expected


def _fused(op, by_sample, empty):
    name = op.name
    weights = lambda n: ((n,), (n,))  # noqa: E731
    return Case(
        (name, f"{name}_gradient"),
        op,
        [Input((5, 3), normal), Input((3,), positive), Input((3,))],
        {"epsilon": 0.1},
        expected=_normalized(by_sample),
        shapes=[((2, 3, n), *weights(n)) for n in (7, 8, 17, 33, 70)]
        + [((37, 3), *weights(3)), (empty, *weights(empty[-1]))],
        large=((257, 1031), *weights(1031)),
        errors=[
            (lambda: op(x32(2, 3), x32(2), x32(3), epsilon=0.1), "scale must have one entry"),
            (lambda: op(x32(2, 3), x32(3), x32(4), epsilon=0.1), "offset must have one entry"),
            (lambda: op(x32(), x32(1), x32(1), epsilon=0.1), "no axis to normalize"),
        ],
    )


def _rms(x, scale, epsilon):
    mean_square = np.square(x).mean(-1)
    return x / np.sqrt(mean_square + epsilon)[..., None] * scale, mean_square


CASES = [
    Case(
        ("rms_norm", "rms_norm_gradient"),
        rms_norm,
        [Input((5, 3), normal), Input((3,), positive)],
        {"epsilon": 0.1},
        expected=_rms,
        shapes=[((2, 3, n), (n,)) for n in (7, 8, 17, 33, 70)] + [((37, 3), (3,)), ((0, 3), (3,))],
        large=((257, 1031), (1031,)),
        errors=[
            (lambda: rms_norm(x32(2, 3), x32(2), epsilon=0.1), "scale must have one entry"),
            (lambda: rms_norm(x32(), x32(1), epsilon=0.1), "no axis to normalize"),
        ],
    ),
    _fused(layer_norm, True, (0, 3)),
    _fused(batch_norm, False, (3, 0)),
    Case(
        "batch_norm_statistics",
        ops.moments,
        [Input((4, 3, 5))],
        {"axes": (0, 1)},
        expected=lambda x, axes: (x.mean(axes), x.var(axes)),
        batch=(),  # an unknown batch goes through mean and var
        shapes=[((1, 1, 1),), ((7, 3, 1),), ((2, 9, 17),), ((33, 2, 8),)],
        large=((129, 31, 33),),
        errors=[
            (lambda: _batch_norm_statistics(x32(3)), "[rows, channels]"),
            (lambda: ops.moments(x32(2, 3), 2), "there is no such axis"),
            (
                lambda: ops.batch_normalization(x32(2, 3), x32(2), x32(3), -1),
                "mean must have one entry for each channel",
            ),
            (
                lambda: ops.batch_normalization(x32(2, 3), x32(3), x32(3), -1, scale=x32(1)),
                "scale must have one entry",
            ),
            (lambda: ops.layer_normalization(x32(2, 3), x32(2)), "gamma does not fit"),
            (lambda: ops.rms_normalization(x32(2, 3), x32(2)), "scale does not fit"),
            (lambda: ops.normalize(x32(2, 3), order=0), "there is no such norm"),
        ],
    ),
]
