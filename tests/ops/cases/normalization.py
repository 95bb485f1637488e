"""Cases of stepgrad.ops.normalization: the fused statistics; the compositions are tested against torch."""

from ops.harness import Case, Input, x32
from stepgrad import ops
from stepgrad.ops.normalization.moments import _batch_norm_statistics

CASES = [
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
