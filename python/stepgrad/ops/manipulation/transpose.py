"""transpose: another order of the axes. swapaxes and moveaxis are transposes too."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.manipulation.creation import ndim
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.tensor import Tensor


class Transpose(Op):
    formula = r"y_{i_{p(1)} \dots i_{p(n)}} = x_{i_1 \dots i_n}"
    gradient_formula = r"\bar x = \mathrm{transpose}(\bar y, p^{-1})"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, axes=None):
        return tuple(x[axis] for axis in _order(axes, len(x)))

    def reference(self, x, axes=None):
        return np.transpose(x, axes)

    def gradient(self, step, gy):
        order = _order(step.attrs.get("axes"), len(step.input_shapes[0]))
        return _transpose(gy, axes=tuple(order.index(i) for i in range(len(order))))


def _order(axes, ndim):
    if axes is None:
        return tuple(reversed(range(ndim)))
    order = tuple(normalize_axis(axis, ndim) for axis in axes)
    if sorted(order) != list(range(ndim)):
        raise ShapeError(
            "axes must name every axis once",
            expected=f"a permutation of {tuple(range(ndim))}",
            got=f"axes={tuple(axes)}",
            fix="leave the batch axis in place: axes=(0, ...)",
        )
    return order


_transpose = Transpose()


def transpose(x: Any, axes: tuple[int, ...] | None = None) -> Tensor:
    """Reorder the axes; without `axes` they are reversed.

    Examples
    --------
    >>> transpose([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    if axes is not None:
        axes = tuple(axes[0] if len(axes) == 1 and not isinstance(axes[0], int | np.integer) else axes)
    return _transpose(x, axes=axes)


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes.

    Examples
    --------
    >>> swapaxes([[1, 2, 3]], 0, 1).shape
    (3, 1)
    """
    n = ndim(x)
    order = list(range(n))
    i, j = normalize_axis(axis1, n), normalize_axis(axis2, n)
    order[i], order[j] = j, i
    return _transpose(x, axes=tuple(order))


def moveaxis(x: Any, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Tensor:
    """Move axes to new places; the others keep their order.

    Examples
    --------
    >>> moveaxis([[[1, 2, 3]]], -1, 0).shape
    (3, 1, 1)
    """
    n = ndim(x)
    source, destination = (
        (a,) if isinstance(a, int | np.integer) else tuple(a) for a in (source, destination)
    )
    if len(source) != len(destination):
        raise ShapeError(
            "source and destination must name equally many axes",
            op="moveaxis",
            got=f"{source} and {destination}",
        )
    moved = sorted(
        (normalize_axis(d, n), normalize_axis(s, n)) for s, d in zip(source, destination, strict=True)
    )
    order = [axis for axis in range(n) if axis not in [s for _, s in moved]]
    for place, axis in moved:
        order.insert(place, axis)
    return _transpose(x, axes=tuple(order))
