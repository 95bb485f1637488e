"""broadcast_to: repeat along axes of size 1."""

from __future__ import annotations

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, broadcast


class BroadcastTo(Op):
    formula = r"y_{ij} = x_{j}"
    gradient_formula = r"\bar x_j = \sum_i \bar y_{ij}"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, shape):
        shape = tuple(shape)
        if len(x) > len(shape) or any(
            b is not None and b != s for b, s in zip(broadcast(x, shape), shape, strict=True)
        ):
            raise ShapeError(
                "the entries cannot be repeated to this shape",
                expected="size 1, or the same size, on each axis",
                got=f"{x} to {shape}",
            )
        return shape

    def reference(self, x, shape):
        return np.broadcast_to(x, shape)

    def gradient(self, step, gy):
        return gy  # the tape sums over the repeated axes


_broadcast_to = BroadcastTo()


def broadcast_to(x, shape):
    """Repeat `x` along axes of size 1, and along new axes in front, until it has `shape`.

    Examples
    --------
    >>> broadcast_to([1.0, 2.0], (2, 2)).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """
    return _broadcast_to(x, shape=tuple(shape))
