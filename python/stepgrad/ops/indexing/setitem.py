"""slice, slice_update and scatter_update: a block of a tensor, and a copy of it with some entries replaced."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.indexing.getitem import rows_key
from stepgrad.ops.indexing.keys import selected_shape
from stepgrad.ops.op import Op, broadcast
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Setitem(Op):
    formula = r"y_{k(j)} = u_j,\quad y_i = x_i \text{ elsewhere}"
    gradient_formula = r"\bar x_i = \bar y_i\,[i \notin k],\quad \bar u_j = \bar y_{k(j)}"
    saves_inputs = ()
    promote = "same"

    def shape(self, x, updates, key):
        selected = selected_shape(x, key)
        try:
            fits = broadcast(selected, updates) == selected or None in selected
        except ShapeError:
            fits = False
        if not fits:
            raise ShapeError(
                "the new entries do not fit", expected=f"updates of shape {selected}", got=str(updates)
            )
        return x

    def reference(self, x, updates, key):
        result = x.copy()
        result[key] = updates
        return result

    def gradient(self, step, gy):
        key = step.attrs["key"]
        return _setitem(gy, 0.0, key=key) if step.needs(0) else None, gy[key] if step.needs(1) else None


_setitem = Setitem()


def slice(inputs: Any, start_indices: Any, shape: tuple[int, ...]) -> Tensor:
    """Cut out the block of `shape` that begins at `start_indices`.

    Examples
    --------
    >>> slice([[1, 2, 3], [4, 5, 6]], (0, 1), (2, 2)).tolist()
    [[2, 3], [5, 6]]
    """
    return public["getitem"](inputs, _block("slice", public["shape"](inputs), start_indices, shape))


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """Return `inputs` with the block that begins at `start_indices` replaced by `updates`.

    Examples
    --------
    >>> slice_update([1, 2, 3, 4], (1,), [7, 8]).tolist()
    [1, 7, 8, 4]
    """
    key = _block("slice_update", public["shape"](inputs), start_indices, public["shape"](updates))
    return _setitem(inputs, updates, key=key)


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """Return `inputs` with the entries at `indices` replaced by `updates`, or joined with them by `reduction`.

    Parameters
    ----------
    indices : int tensor, shape (n, k)
        Each row names a place along the first k axes.
    updates : tensor, shape (n,) + inputs.shape[k:]
    reduction : {None, "add", "mul", "max", "min"}
        Without one no place may be named twice; with "add" that is allowed.

    Examples
    --------
    >>> scatter_update([1, 2, 3], [[2], [0]], [7, 8]).tolist()
    [8, 2, 7]
    """
    key = rows_key(indices)
    if reduction == "add":
        return public["add"](inputs, public["scatter"](indices, updates, public["shape"](inputs)))
    if reduction not in (None, *_JOIN):
        raise ArgumentError(
            "there is no such reduction",
            op="scatter_update",
            expected="add, mul, max or min",
            got=repr(reduction),
        )
    if len(np.unique(np.stack(key, -1), axis=0)) < len(key[0]):
        raise ArgumentError(
            "indices name a place twice, and only one of the updates can win",
            op="scatter_update",
            fix="to add them up use ops.scatter(indices, updates, shape)",
        )
    if reduction:
        updates = public[_JOIN[reduction]](public["getitem"](inputs, key), updates)
    return _setitem(inputs, updates, key=key)


_JOIN = {"mul": "multiply", "max": "maximum", "min": "minimum"}


def _block(op, available, start_indices, shape):
    starts = [int(start) for start in np.asarray(start_indices).reshape(-1)]
    if len(starts) != len(available) or len(shape) != len(available):
        raise ShapeError(
            "each axis needs a start and a size",
            op=op,
            expected=f"{len(available)} of each",
            got=f"{starts}, {shape}",
        )
    for axis, (start, size, there) in enumerate(zip(starts, shape, available, strict=True)):
        if there is not None and size is not None and not 0 <= start <= start + size <= there:
            raise ShapeError(
                f"the block leaves the tensor on axis {axis}",
                op=op,
                expected=f"0 <= start and start + size <= {there}",
                got=f"start {start}, size {size}",
            )
    return tuple(
        builtins.slice(start, None if size is None else start + size)
        for start, size in zip(starts, shape, strict=True)
    )
