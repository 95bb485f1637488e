"""take and embedding: pick rows (or columns, ...) by number. The gradient adds up what each row received."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.ops.op import Op, contiguous, normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor, as_tensor


class Take(Op):
    formula = r"y_{j} = x_{k_j}"
    gradient_formula = r"\bar x_i = \sum_{j :\, k_j = i} \bar y_j"
    saves_inputs = (1,)
    promote = None

    def shape(self, x, indices, axis=0):
        axis = normalize_axis(axis, len(x))
        return (*x[:axis], *indices, *x[axis + 1 :])

    def dtype(self, x, indices, axis=0):
        return x

    def reference(self, x, indices, axis=0):
        return np.take(x, indices, axis)

    def launch(self, native, x, indices, axis=0):
        if x.ndim == 0 or normalize_axis(axis, x.ndim):  # the kernel picks rows
            return NotImplemented
        rows = len(x)
        flat = contiguous(indices).reshape(-1).astype(np.int64)
        y = kernels.empty(self.shape(x.shape, indices.shape), x.dtype)
        table = contiguous(x).reshape(rows, math.prod(x.shape[1:]))
        native(table, np.where(flat < 0, flat + rows, flat), y.reshape(flat.size, table.shape[1]))
        return y

    def gradient(self, step, gy):
        _, indices = step.inputs
        shape = step.input_shapes[0]
        axis = normalize_axis(step.attrs.get("axis", 0), len(shape))
        n, picked = len(shape), indices.ndim
        front = tuple(range(axis, axis + picked))
        if axis:  # bring the picked axes to the front: the kernel adds up rows
            gy = gy.transpose((*front, *range(axis), *range(axis + picked, gy.ndim)))
        rest = (*shape[:axis], *shape[axis + 1 :])
        width = int(np.prod(rest, dtype=np.int64))
        rows = gy.reshape((indices.size, width))
        gx = _embedding_gradient(indices.reshape((indices.size,)), rows, rows=shape[axis]).reshape(
            (shape[axis], *rest)
        )
        if axis:
            gx = gx.transpose((*range(1, axis + 1), 0, *range(axis + 1, n)))
        return gx, None

    def explain(self, error, arrays, attrs):
        x, indices = arrays
        if isinstance(error, IndexError | ValueError):  # of NumPy, or of the kernel's binding
            axis = normalize_axis(attrs.get("axis", 0), x.ndim)
            size = x.shape[axis]
            bad = indices[(indices < -size) | (indices >= size)]
            if bad.size:
                return ArgumentError(
                    f"there is no entry {bad[0]} on axis {axis}",
                    expected=f"-{size} <= index < {size}",
                    got=str(bad[0]),
                )
        return super().explain(error, arrays, attrs)


class EmbeddingGradient(Op):
    formula = r"\bar w_i = \sum_{j :\, k_j = i} \bar y_j"
    gradient_formula = r"\bar{\bar y}_j = \bar{\bar w}_{k_j}"
    saves_inputs = (0,)
    promote = None

    def shape(self, indices, gy, rows):
        if len(gy) != 2 or len(indices) != 1 or (None not in (indices[0], gy[0]) and indices[0] != gy[0]):
            raise ShapeError(
                "each index needs one row", expected="indices (n,) and rows (n, d)", got=f"{indices} and {gy}"
            )
        return (rows, gy[1])

    def dtype(self, indices, gy, rows):
        return gy

    def reference(self, indices, gy, rows):
        self.shape(indices.shape, gy.shape, rows)
        result = np.zeros((rows, gy.shape[1]), gy.dtype)
        if indices.size:
            indices = np.where(indices < 0, indices + rows, indices)
            order = np.argsort(indices, kind="stable")
            used, starts = np.unique(indices[order], return_index=True)
            result[used] = np.add.reduceat(gy[order], starts, axis=0)
        return result

    def launch(self, native, indices, gy, rows):
        shape = self.shape(indices.shape, gy.shape, rows)
        indices = indices.astype(np.int64)
        result = kernels.empty(shape, gy.dtype)
        native(np.where(indices < 0, indices + rows, indices), contiguous(gy), result)
        return result

    def gradient(self, step, ggw):
        return None, _take(ggw, step.inputs[0], axis=0)


_take = Take()
_embedding_gradient = EmbeddingGradient()


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Pick entries along `axis` by number (in the flattened `x` without an axis); negative numbers count from the end.

    Parameters
    ----------
    x : tensor
    indices : int tensor of any shape

    Returns
    -------
    tensor, shape x.shape[:axis] + indices.shape + x.shape[axis + 1:]

    Examples
    --------
    >>> take([[1, 2, 3], [4, 5, 6]], [2, 0], axis=1).tolist()
    [[3, 1], [6, 4]]
    """
    if axis is None:
        x, axis = public["reshape"](x, (-1,)), 0
    return _take(x, integers(indices, "take"), axis=axis)


def embedding(indices: Any, table: Any) -> Tensor:
    """Look up a row of `table` for each index.

    Parameters
    ----------
    indices : int tensor of any shape, 0 <= index < table.shape[0]
    table : tensor, shape (rows, width)

    Returns
    -------
    tensor, shape indices.shape + (width,)

    Raises
    ------
    ArgumentError
        If an index has no row.

    Examples
    --------
    >>> embedding([1, 1], [[0.0, 0.5], [1.0, 1.5]]).tolist()
    [[1.0, 1.5], [1.0, 1.5]]
    """
    indices = integers(indices, "embedding")
    rows = public["shape"](table)[0]
    if isinstance(indices, Tensor) and indices.size and rows is not None:
        low, high = indices.array.min(), indices.array.max()
        if low < 0 or high >= rows:
            raise ArgumentError(
                f"the table has no row {low if low < 0 else high}",
                op="embedding",
                expected=f"0 <= index < {rows}",
                got=f"indices from {low} to {high}",
                fix="input_dim of the Embedding is too small, or the tokenizer gives larger numbers",
            )
    return _take(table, indices, axis=0)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Add up the rows of `data` that have the same segment number.

    Parameters
    ----------
    data : tensor, shape (n, ...)
    segment_ids : int tensor, shape (n,)
    num_segments : int, optional
        The largest number plus one unless given.

    Examples
    --------
    >>> segment_sum([1.0, 2.0, 4.0], [0, 1, 0]).tolist()
    [5.0, 2.0]
    """
    segment_ids = integers(segment_ids, "segment_sum")
    if not isinstance(segment_ids, Tensor):
        if num_segments is None:
            raise ArgumentError("num_segments must be given for symbolic segment numbers", op="segment_sum")
    elif num_segments is None:
        num_segments = int(segment_ids.array.max()) + 1 if segment_ids.size else 0
    elif segment_ids.size and not 0 <= segment_ids.array.min() <= segment_ids.array.max() < num_segments:
        raise ArgumentError(
            "a segment number is out of range", op="segment_sum", expected=f"0 to {num_segments - 1}"
        )
    shape = public["shape"](data)
    rows = public["reshape"](data, (shape[0], int(np.prod(shape[1:], dtype=np.int64))))
    return public["reshape"](
        _embedding_gradient(segment_ids, rows, rows=num_segments), (num_segments, *shape[1:])
    )


def integers(indices: Any, op: str) -> Tensor:
    """Return `indices` as a tensor of integers, or raise; a KerasTensor is returned as it is."""
    if isinstance(indices, list | tuple) and not len(indices):
        return Tensor(indices, "int32")
    if not getattr(indices, "is_symbolic", False):
        indices = as_tensor(indices)
        if indices.array.dtype.kind not in "iu":
            raise DTypeError(
                "indices must be integers",
                op=op,
                got=indices.dtype,
                fix="convert them with ops.cast(indices, 'int32')"
                + ("; to select with a mask, write x[mask]" if indices.dtype == "bool" else ""),
            )
    return indices
