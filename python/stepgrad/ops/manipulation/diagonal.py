"""diagonal, diag, trace and meshgrid: made from indexing and broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.op import normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the diagonal of each matrix that `axis1` and `axis2` span, as the last axis.

    Examples
    --------
    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    shape = public["shape"](x)
    if len(shape) < 2:
        raise ShapeError(
            "only a matrix has a diagonal", op="diagonal", expected="at least 2 axes", got=str(shape)
        )
    i, j = normalize_axis(axis1, len(shape)), normalize_axis(axis2, len(shape))
    if i == j:
        raise ArgumentError("a diagonal needs two axes", op="diagonal", got=f"axis1={axis1}, axis2={axis2}")
    if shape[i] is None or shape[j] is None:
        raise ShapeError("a diagonal needs known sizes", op="diagonal", got=str(shape))
    n = max(min(shape[i] + min(offset, 0), shape[j] - max(offset, 0)), 0)
    steps = np.arange(n)
    return public["moveaxis"](x, (i, j), (-2, -1))[..., steps + max(-offset, 0), steps + max(offset, 0)]


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of the diagonal.

    Examples
    --------
    >>> trace([[1, 2], [3, 4]]).item()
    5
    """
    return public["sum"](diagonal(x, offset, axis1, axis2), -1)


def diag(x: Any, k: int = 0) -> Tensor:
    """Return the k-th diagonal of a matrix, or the matrix that has a vector on its k-th diagonal.

    Examples
    --------
    >>> diag([1, 2]).tolist(), diag([[1, 2], [3, 4]]).tolist()
    ([[1, 0], [0, 2]], [1, 4])
    """
    shape = public["shape"](x)
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1 or shape[0] is None:
        raise ShapeError("diag takes a vector of known size or a matrix", op="diag", got=f"shape {shape}")
    steps = np.arange(shape[0])
    size = shape[0] + abs(k)
    places = np.stack([steps + max(-k, 0), steps + max(k, 0)], -1)
    return public["scatter"](places, x, (size, size))


def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of a grid: for each vector a tensor that varies along one axis only.

    Parameters
    ----------
    indexing : {"xy", "ij"}
        "xy" lets the first vector vary along axis 1, as in a picture; "ij" along axis 0, as in a matrix.

    Examples
    --------
    >>> [grid.tolist() for grid in meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError("indexing must be 'xy' or 'ij'", op="meshgrid", got=repr(indexing))
    axes = list(range(len(x)))
    if indexing == "xy" and len(x) > 1:
        axes[:2] = 1, 0
    vectors = [public["reshape"](v, (-1,)) for v in x]
    sizes = {axis: public["shape"](v)[0] for axis, v in zip(axes, vectors, strict=True)}
    shape = tuple(sizes[axis] for axis in range(len(x)))
    lying = [
        public["reshape"](v, (1,) * a + (-1,) + (1,) * (len(x) - a - 1))
        for a, v in zip(axes, vectors, strict=True)
    ]
    return [public["broadcast_to"](v, shape) for v in lying]
