"""What a key inside x[...] means: bringing it to plain form, and the shape that it selects."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.ops.op import broadcast
from stepgrad.tape.tensor import Tensor

_FIX = (
    "indices are integers, slices, ..., None, or integer and boolean arrays; floats need ops.cast(i, 'int32')"
)


def plain_key(key: Any) -> tuple:
    """Return `key` as a tuple of ints, slices, None, Ellipsis and int or bool arrays."""
    return tuple(_plain(part) for part in (key if isinstance(key, tuple) else (key,)))


def _plain(part):
    if part is None or part is Ellipsis or isinstance(part, builtins.slice):
        return part
    if getattr(part, "is_symbolic", False):
        raise DTypeError(
            "a KerasTensor has no values to index with yet", op="getitem", fix="use ops.take(x, indices)"
        )
    if isinstance(part, int | np.integer) and not isinstance(part, bool | np.bool_):
        return int(part)
    array = part.array if isinstance(part, Tensor) else np.asarray(part)
    if array.size == 0 and isinstance(part, list):
        array = array.astype(np.intp)
    if array.dtype.kind not in "iub":
        raise DTypeError("this cannot be an index", op="getitem", got=f"{array.dtype} values", fix=_FIX)
    return int(array) if array.ndim == 0 and array.dtype.kind != "b" else array


def is_basic(key: tuple) -> bool:
    """Tell whether the key only slices, so that the result is a view and no entry is taken twice."""
    return not any(isinstance(part, np.ndarray) for part in key)


def selected_shape(x: tuple, key: tuple) -> tuple:
    """Return the shape of x[key] for a shape that may hold None.

    Examples
    --------
    >>> selected_shape((None, 4, 5), (Ellipsis, None, slice(0, 2)))
    (None, 4, 1, 2)
    """
    used = sum(part.ndim if _is_mask(part) else part is not None and part is not Ellipsis for part in key)
    if used > len(x):
        raise ShapeError(
            "too many indices", expected=f"at most {len(x)} for shape {x}", got=f"{used}: {_show(key)}"
        )
    if sum(part is Ellipsis for part in key) > 1:
        raise ArgumentError("... can stand only once in a key", got=_show(key))
    where = next((i for i, part in enumerate(key) if part is Ellipsis), len(key))
    key = key[:where] + (builtins.slice(None),) * (len(x) - used) + key[where + 1 :]
    arrays = any(isinstance(part, np.ndarray) for part in key)
    result: list = []
    gathered: list[tuple] = []  # the shapes of the index arrays, which broadcast together
    place, gap = (
        None,
        False,
    )  # where the gathered axes go: in place of the arrays if these are neighbours, else in front
    axis = 0
    for part in key:
        if part is None:
            result.append(1)
        elif isinstance(part, builtins.slice):
            result.append(None if x[axis] is None else len(range(*part.indices(x[axis]))))
            axis += 1
        else:
            if place is None:
                place = len(result)
            elif arrays and place != len(result):
                gap = True
            if _is_mask(part):
                _check_mask(x[axis : axis + part.ndim], part)
                gathered.append((int(np.count_nonzero(part)),))
                axis += part.ndim
            else:
                _check_range(part, x[axis], axis)
                gathered.append(np.shape(part))
                axis += 1
    if not gathered:
        return tuple(result)
    place = 0 if gap or not arrays else place
    return (*result[:place], *broadcast(*gathered), *result[place:])


def _is_mask(part):
    return isinstance(part, np.ndarray) and part.dtype.kind == "b"


def _check_mask(sizes, mask):
    if any(size is not None and size != m for size, m in zip(sizes, mask.shape, strict=True)):
        raise ShapeError(
            "the mask has another shape than what it selects from", expected=str(sizes), got=str(mask.shape)
        )


def _check_range(index, size, axis):
    if size is None or not np.size(index):
        return
    for worst in (np.min(index), np.max(index)):
        if not -size <= worst < size:
            raise ArgumentError(
                f"there is no entry {worst} on axis {axis}",
                expected=f"-{size} <= index < {size}",
                got=str(worst),
            )


def _show(key):
    return ", ".join(f"{p.dtype} array {p.shape}" if isinstance(p, np.ndarray) else repr(p) for p in key)
