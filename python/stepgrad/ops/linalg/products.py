"""dot, vdot, inner, outer, tensordot: NumPy's other products, made of matmul, multiply and moved axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.linalg.matmul import matrix_product
from stepgrad.ops.op import normalize_axis, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def dot(x1: Any, x2: Any) -> Tensor:
    """Sum over the last axis of `x1` and the second to last of `x2` (its only axis where it is a vector).

    Parameters
    ----------
    x1 : tensor, shape (..., K), or a number
    x2 : tensor, shape (..., K, N) or (K,), or a number

    Returns
    -------
    tensor, the axes of `x1` without K, then those of `x2` without K

    Examples
    --------
    >>> dot([1.0, 2.0], [3.0, 4.0]).item()
    11.0
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    if not x1.ndim or not x2.ndim:
        return public["multiply"](x1, x2)
    return tensordot(x1, x2, ([-1], [-2 if x2.ndim > 1 else -1]))


def vdot(x1: Any, x2: Any) -> Tensor:
    """Sum of the products of all entries, a number.

    Examples
    --------
    >>> vdot([[1.0, 2.0]], [[3.0], [4.0]]).item()
    11.0
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    return matrix_product(*(public["reshape"](x, (product(x.shape),)) for x in (x1, x2)))


def inner(x1: Any, x2: Any) -> Tensor:
    """Sum of products over the last axis of both.

    Parameters
    ----------
    x1, x2 : tensors, shapes (..., K), or numbers

    Returns
    -------
    tensor, the axes of `x1` without K, then those of `x2` without K

    Examples
    --------
    >>> inner([[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]).tolist()
    [[11.0, 17.0]]
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    if not x1.ndim or not x2.ndim:
        return public["multiply"](x1, x2)
    return tensordot(x1, x2, ([-1], [-1]))


def outer(x1: Any, x2: Any) -> Tensor:
    """Every entry of `x1` times every entry of `x2`; both are flattened.

    Examples
    --------
    >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    column = public["reshape"](x1, (product(x1.shape), 1))
    return public["multiply"](column, public["reshape"](x2, (1, product(x2.shape))))


def tensordot(x1: Any, x2: Any, axes: int | Sequence = 2) -> Tensor:
    """Sum of products over chosen axes.

    Parameters
    ----------
    x1, x2 : tensors
    axes : int or pair of lists
        The last `axes` axes of `x1` with the first of `x2`; or the axes of each, in pairs.

    Returns
    -------
    tensor, the axes of `x1` that are left, then those of `x2`

    Examples
    --------
    >>> tensordot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0], axes=1).tolist()
    [3.0, 7.0]
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    if isinstance(axes, int):
        if not 0 <= axes <= min(x1.ndim, x2.ndim):
            raise ShapeError(
                "there are not so many axes to sum over",
                op="tensordot",
                expected=f"0 <= axes <= {min(x1.ndim, x2.ndim)}",
                got=str(axes),
            )
        axes = range(x1.ndim - axes, x1.ndim), range(axes)
    axes1, axes2 = ([a] if isinstance(a, int) else list(a) for a in axes)
    axes1, axes2 = [normalize_axis(a, x1.ndim) for a in axes1], [normalize_axis(a, x2.ndim) for a in axes2]
    if len(axes1) != len(axes2) or len(set(axes1)) < len(axes1) or len(set(axes2)) < len(axes2):
        raise ArgumentError("the axes come in pairs, each once", op="tensordot", got=f"{axes1} and {axes2}")
    pairs = [(x1.shape[i], x2.shape[j]) for i, j in zip(axes1, axes2)]
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ShapeError(
            "the axes to sum over differ in size",
            op="tensordot",
            expected="equal sizes in each pair",
            got=f"{tuple(x1.shape)} over {axes1} and {tuple(x2.shape)} over {axes2}",
        )
    free1 = [i for i in range(x1.ndim) if i not in axes1]
    free2 = [i for i in range(x2.ndim) if i not in axes2]
    sizes1, sizes2 = [x1.shape[i] for i in free1], [x2.shape[i] for i in free2]
    rows = reshaped(transposed(x1, free1 + axes1), (product(sizes1), product(p[0] for p in pairs)))
    columns = reshaped(transposed(x2, axes2 + free2), (product(p[1] for p in pairs), product(sizes2)))
    return reshaped(matrix_product(rows, columns), (*sizes1, *sizes2))


def product(sizes):
    """Return the product of sizes; -1 where one of them is not known."""
    sizes = list(sizes)
    return -1 if None in sizes or -1 in sizes else math.prod(sizes)


def reshaped(x, sizes):
    """Reshape unless `x` already has these sizes; None stands for the one that is not known."""
    sizes = tuple(-1 if size is None else size for size in sizes)
    return x if tuple(x.shape) == sizes else public["reshape"](x, sizes)


def transposed(x, order):
    """Permute the axes unless they already are in order."""
    return x if list(order) == list(range(x.ndim)) else public["transpose"](x, tuple(order))
