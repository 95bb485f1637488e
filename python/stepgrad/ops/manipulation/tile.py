"""tile and repeat: copies of the whole, and copies of each entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Tile(Op):
    formula = r"y_i = x_{i \bmod n}"
    gradient_formula = r"\bar x_j = \sum_{i \equiv j} \bar y_i"
    saves_inputs = ()
    promote = None

    def shape(self, x, repeats):
        _check(repeats)
        return tuple(None if n is None else n * r for n, r in _paired(x, repeats))

    def reference(self, x, repeats):
        return np.tile(x, repeats)

    def gradient(self, step, gy):
        pairs = _paired(step.input_shapes[0], step.attrs["repeats"])
        split = tuple(size for n, r in pairs for size in (r, n))  # axes 0, 2, 4, ... count the copies
        return gy.reshape(split).sum(tuple(range(0, len(split), 2))).reshape(step.input_shapes[0])


class Repeat(Op):
    formula = r"y_{i} = x_{\lfloor i / r \rfloor}"
    gradient_formula = r"\bar x_j = \sum_{i = rj}^{rj + r - 1} \bar y_i"
    saves_inputs = ()
    promote = None

    def shape(self, x, repeats, axis):
        _check((repeats,))
        axis = normalize_axis(axis, len(x))
        return (*x[:axis], None if x[axis] is None else x[axis] * repeats, *x[axis + 1 :])

    def reference(self, x, repeats, axis):
        return np.repeat(x, repeats, axis)

    def gradient(self, step, gy):
        shape, repeats = step.input_shapes[0], step.attrs["repeats"]
        axis = normalize_axis(step.attrs["axis"], len(shape))
        before, after = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
        return gy.reshape((before, shape[axis], repeats, after)).sum(2).reshape(shape)


def _paired(x, repeats):
    n = max(len(x), len(repeats))
    return list(zip((1,) * (n - len(x)) + tuple(x), (1,) * (n - len(repeats)) + tuple(repeats), strict=True))


def _check(repeats):
    if any(r < 0 for r in repeats):
        raise ArgumentError("the number of copies cannot be negative", got=str(repeats))


_tile = Tile()
_repeat = Repeat()


def tile(x: Any, repeats: int | tuple[int, ...]) -> Tensor:
    """Put copies of the whole tensor side by side, `repeats` times along each axis.

    Examples
    --------
    >>> tile([1, 2], 2).tolist(), tile([1, 2], (2, 1)).tolist()
    ([1, 2, 1, 2], [[1, 2], [1, 2]])
    """
    return _tile(x, repeats=tuple(int(r) for r in np.atleast_1d(repeats)))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each entry along `axis` (of the flattened tensor without one).

    Parameters
    ----------
    repeats : int, or a sequence with one int for each entry along the axis

    Examples
    --------
    >>> repeat([1, 2], 2).tolist(), repeat([1, 2], [0, 3]).tolist()
    ([1, 1, 2, 2], [2, 2, 2])
    """
    if axis is None:
        x, axis = public["reshape"](x, (-1,)), 0
    repeats = np.asarray(repeats)
    if repeats.size == 1:
        return _repeat(x, repeats=int(repeats.item()), axis=axis)
    n = public["shape"](x)[axis]
    if repeats.shape != (n,):
        raise ArgumentError(
            "each entry needs its number", op="repeat", expected=f"{n} numbers", got=f"{repeats.shape}"
        )
    _check(repeats)
    return public["take"](x, np.repeat(np.arange(n), repeats), axis)
