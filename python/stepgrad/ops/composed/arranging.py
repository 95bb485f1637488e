"""Joining, splitting, turning and selecting: NumPy's and Keras's words for what concatenate, split and where do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.op import normalize_axis, to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor


def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """Put `x2` behind `x1` along `axis`; both are flattened without one.

    Examples
    --------
    >>> append([1, 2], [[3]]).tolist()
    [1, 2, 3]
    """
    if axis is None:
        x1, x2, axis = ops.ravel(x1), ops.ravel(x2), 0
    return ops.concatenate([x1, x2], axis)


def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Split into so many parts, the first of which are one larger where the size does not divide; or at the given places.

    Examples
    --------
    >>> [part.tolist() for part in array_split([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    x = to_tensor(x)
    if isinstance(indices_or_sections, int | np.integer):
        size = x.shape[normalize_axis(axis, x.ndim)]
        if size is None or indices_or_sections < 1:
            raise ArgumentError(
                "array_split needs a known size and at least one part", op="array_split", got=str(x.shape)
            )
        small, larger = divmod(size, indices_or_sections)
        sizes = [small + 1] * larger + [small] * (indices_or_sections - larger)
        indices_or_sections = np.cumsum(sizes)[:-1].tolist()
    return ops.split(x, indices_or_sections, axis)


def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Split along the second axis (along the only one of a vector).

    Examples
    --------
    >>> [part.tolist() for part in hsplit([[1, 2], [3, 4]], 2)]
    [[[1], [3]], [[2], [4]]]
    """
    return ops.split(x, indices_or_sections, 0 if ops.ndim(x) == 1 else 1)


def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Split along the first axis.

    Examples
    --------
    >>> [part.tolist() for part in vsplit([[1, 2], [3, 4]], 2)]
    [[[1, 2]], [[3, 4]]]
    """
    return ops.split(x, indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Split along the third axis.

    Examples
    --------
    >>> [part.shape for part in dsplit(np.ones((2, 2, 4)), 2)]
    [(2, 2, 2), (2, 2, 2)]
    """
    return ops.split(x, indices_or_sections, 2)


def dstack(xs: Sequence[Any]) -> Tensor:
    """Join along the third axis; vectors and matrices get one.

    Examples
    --------
    >>> dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """

    def three(x: Any) -> Tensor:
        x = to_tensor(x)
        shape = {0: (1, 1, 1), 1: (1, *x.shape, 1), 2: (*x.shape, 1)}.get(x.ndim)
        return x if shape is None else ops.reshape(x, shape)

    return ops.concatenate([three(x) for x in xs], 2)


def fliplr(x: Any) -> Tensor:
    """Reverse the second axis.

    Examples
    --------
    >>> fliplr([[1, 2]]).tolist()
    [[2, 1]]
    """
    return ops.flip(x, 1)


def flipud(x: Any) -> Tensor:
    """Reverse the first axis.

    Examples
    --------
    >>> flipud([1, 2]).tolist()
    [2, 1]
    """
    return ops.flip(x, 0)


def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Turn by 90 degrees, k times, from the first of `axes` towards the second.

    Examples
    --------
    >>> rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    array = to_tensor(array)
    if array.ndim < 2 or axes[0] % array.ndim == axes[1] % array.ndim:
        raise ShapeError("turning needs two different axes", op="rot90", got=f"{array.shape}, axes={axes}")
    k %= 4
    if k == 2:
        return ops.flip(ops.flip(array, axes[0]), axes[1])
    if k == 1:
        array = ops.flip(array, axes[1])
    if k:
        array = ops.swapaxes(array, *axes)
    return ops.flip(array, axes[1]) if k == 3 else array


def diagflat(x: Any, k: int = 0) -> Tensor:
    """A matrix with the flattened `x` on its k-th diagonal.

    Examples
    --------
    >>> diagflat([[1, 2]]).tolist()
    [[1, 0], [0, 2]]
    """
    return ops.diag(ops.ravel(x), k)


def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours, taken n times.

    Examples
    --------
    >>> diff([1, 4, 9]).tolist()
    [3, 5]
    """
    a = to_tensor(a)
    axis = normalize_axis(axis, a.ndim)
    for _ in range(n):
        later, earlier = ([slice(None)] * a.ndim for _ in range(2))
        later[axis], earlier[axis] = slice(1, None), slice(None, -1)
        compare = ops.logical_xor if a.dtype == "bool" else ops.subtract
        a = compare(a[tuple(later)], a[tuple(earlier)])
    return a


def get_item(x: Any, key: Any) -> Tensor:
    """Return ``x[key]``.

    Examples
    --------
    >>> get_item([1, 2, 3], 1).item()
    2
    """
    return ops.getitem(x, key)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """Take each entry from the choice that belongs to the first condition which holds.

    Examples
    --------
    >>> select([[True, False], [True, True]], [[1.0, 1.0], [2.0, 2.0]]).tolist()
    [1.0, 2.0]
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ArgumentError(
            "each condition needs a choice", op="select", got=f"{len(condlist)} and {len(choicelist)}"
        )
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = ops.where(condition, choice, result)
    return result


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Spread the channels of each pixel over a square of block_size pixels.

    Examples
    --------
    >>> depth_to_space([[[[1, 2, 3, 4]]]], 2).tolist()
    [[[[1], [2]], [[3], [4]]]]
    """
    x, b = to_tensor(x), block_size
    if data_format == "channels_first":
        n, c, h, w = x.shape
        x = ops.transpose(ops.reshape(x, (-1, c // b**2, b, b, h, w)), (0, 1, 4, 2, 5, 3))
        return ops.reshape(x, (-1, c // b**2, h * b, w * b))
    n, h, w, c = x.shape
    x = ops.transpose(ops.reshape(x, (-1, h, w, b, b, c // b**2)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, h * b, w * b, c // b**2))


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Gather squares of block_size pixels into the channels of one: the inverse of `depth_to_space`.

    Examples
    --------
    >>> space_to_depth([[[[1], [2]], [[3], [4]]]], 2).tolist()
    [[[[1, 2, 3, 4]]]]
    """
    x, b = to_tensor(x), block_size
    if data_format == "channels_first":
        n, c, h, w = x.shape
        x = ops.transpose(ops.reshape(x, (-1, c, h // b, b, w // b, b)), (0, 1, 3, 5, 2, 4))
        return ops.reshape(x, (-1, c * b**2, h // b, w // b))
    n, h, w, c = x.shape
    x = ops.transpose(ops.reshape(x, (-1, h // b, b, w // b, b, c)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, h // b, w // b, c * b**2))
