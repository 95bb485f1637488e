"""Products, distances and integrals made of sums: cross, kron, cdist, trapezoid, vander."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor


def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """Cross product of vectors with 2 or 3 components; a number for two with 2.

    Examples
    --------
    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = ops.moveaxis(to_tensor(x1), axisa, -1), ops.moveaxis(to_tensor(x2), axisb, -1)
    sizes = (x1.shape[-1], x2.shape[-1])
    if not set(sizes) <= {2, 3}:
        raise ShapeError("vectors of a cross product have 2 or 3 components", op="cross", got=str(sizes))
    a, b = ([x[..., i] for i in range(n)] for x, n in zip((x1, x2), sizes))
    last = a[0] * b[1] - a[1] * b[0]
    if sizes == (2, 2):
        return last
    a, b = (part + [ops.zeros_like(part[0])] if len(part) == 2 else part for part in (a, b))
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], last]
    return ops.moveaxis(ops.stack(parts, -1), -1, axisc)


def kron(x1: Any, x2: Any) -> Tensor:
    """Kronecker product: every entry of `x1` times the whole of `x2`, side by side.

    Examples
    --------
    >>> kron([1, 10], [1, 2]).tolist()
    [1, 2, 10, 20]
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    ndim = max(x1.ndim, x2.ndim)
    a, b = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (x1, x2))
    wide = ops.reshape(x1, [n for size in a for n in (size, 1)])
    tall = ops.reshape(x2, [n for size in b for n in (1, size)])
    return ops.reshape(wide * tall, [m * n for m, n in zip(a, b)])


def cdist(x: Any, y: Any) -> Tensor:
    """Euclidean distances between all rows of `x` and all rows of `y`.

    Parameters
    ----------
    x, y : tensor, shapes (..., n, d) and (..., m, d)

    Returns
    -------
    tensor, shape (..., n, m)

    Examples
    --------
    >>> cdist([[0.0, 0.0]], [[3.0, 4.0]]).tolist()
    [[5.0]]
    """
    return ops.norm(ops.expand_dims(x, -2) - ops.expand_dims(y, -3), axis=-1)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """Area under straight lines between the points (x, y).

    Examples
    --------
    >>> trapezoid([0.0, 1.0, 2.0], dx=2.0).item()
    4.0
    """
    y = ops.moveaxis(to_tensor(y), axis, -1)
    if x is None:
        width = dx
    else:
        x = to_tensor(x)
        width = ops.diff(x if x.ndim == 1 else ops.moveaxis(x, axis, -1))
    return ops.sum((y[..., 1:] + y[..., :-1]) * width / 2.0, -1)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of the entries of a vector, side by side; the highest first unless `increasing`.

    Examples
    --------
    >>> vander([1.0, 2.0, 3.0], 2).tolist()
    [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]
    """
    x = to_tensor(x)
    powers = np.arange(x.shape[0] if N is None else N, dtype=x.dtype)
    return ops.power(ops.expand_dims(x, -1), powers if increasing else powers[::-1])
