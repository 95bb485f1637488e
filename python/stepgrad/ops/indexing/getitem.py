"""getitem: x[key], NumPy's basic and advanced indexing; its gradient scatters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.ops.indexing.keys import is_basic, plain_key, selected_shape
from stepgrad.ops.op import Op
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Getitem(Op):
    formula = r"y_j = x_{k(j)}"
    gradient_formula = r"\bar x_i = \sum_{j :\, k(j) = i} \bar y_j"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, key):
        return selected_shape(x, key)

    def reference(self, x, key):
        return x[key]

    def gradient(self, step, gy):
        return _getitem_gradient(gy, key=step.attrs["key"], shape=step.input_shapes[0])


class GetitemGradient(Op):
    formula = r"\bar x_i = \sum_{j :\, k(j) = i} \bar y_j"
    gradient_formula = r"\bar{\bar y}_j = \bar{\bar x}_{k(j)}"
    saves_inputs = ()
    promote = None

    def shape(self, gy, key, shape):
        return tuple(shape)

    def reference(self, gy, key, shape):
        return add_at(shape, key, gy)

    def gradient(self, step, ggx):
        return _getitem(ggx, key=step.attrs["key"])


def add_at(shape: tuple, key: tuple, values: np.ndarray) -> np.ndarray:
    """Return zeros of `shape` with `values` added at `key`; places that the key names twice get the sum."""
    result = np.zeros(shape, values.dtype)
    if is_basic(key):
        result[key] = values
        return result
    size = math.prod(shape)
    places = np.arange(size).reshape(shape)[key]
    values = np.broadcast_to(values, places.shape)
    sums = np.bincount(
        places.ravel(), weights=values.ravel(), minlength=size
    )  # in float64, in order: the same bits always
    return sums.astype(values.dtype).reshape(shape)


_getitem = Getitem()
_getitem_gradient = GetitemGradient()


def getitem(x: Any, key: Any) -> Tensor:
    """Select entries, as ``x[key]`` does in NumPy.

    Parameters
    ----------
    key : int, slice, None, Ellipsis, int or bool array or Tensor, or a tuple of them

    Examples
    --------
    >>> getitem([10, 20, 30], [0, 0, 2]).tolist()
    [10, 10, 30]
    >>> getitem([[1, 2], [3, 4]], (slice(None), -1)).tolist()
    [2, 4]
    """
    if not isinstance(key, tuple) and getattr(key, "ndim", None) and str(key.dtype) != "bool":
        return public["take"](x, key, axis=0)  # indices that are a tensor stay one, also when it is symbolic
    return _getitem(x, key=plain_key(key))


def scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of `shape` with `values` added at `indices`.

    Parameters
    ----------
    indices : int tensor, shape (..., k)
        Each row names a place along the first k axes.
    values : tensor, shape (...) + shape[k:]

    Examples
    --------
    >>> scatter([[0], [2], [2]], [1.0, 2.0, 3.0], (4,)).tolist()
    [1.0, 0.0, 5.0, 0.0]
    """
    return _getitem_gradient(values, key=rows_key(indices), shape=tuple(shape))


def rows_key(indices: Any) -> tuple:
    """Return the key that names one place by each row of `indices`."""
    indices = np.asarray(indices)
    return plain_key(tuple(np.atleast_1d(indices[..., i]) for i in range(indices.shape[-1])))
