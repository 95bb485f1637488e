"""nansum and its relatives: reductions that leave out what is not a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.errors import DTypeError
from stepgrad.ops.op import normalize_axes, to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor, as_tensor

Axis = int | tuple[int, ...] | None


def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum of what is a number.

    Examples
    --------
    >>> nansum([1.0, float("nan"), 2.0]).item()
    3.0
    """
    return ops.sum(_instead(x, 0.0), axis, keepdims)


def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Product of what is a number.

    Examples
    --------
    >>> nanprod([3.0, float("nan"), 2.0]).item()
    6.0
    """
    return ops.prod(_instead(x, 1.0), axis, keepdims)


def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean of what is a number; NaN where nothing is.

    Examples
    --------
    >>> nanmean([1.0, float("nan"), 2.0]).item()
    1.5
    """
    return nansum(x, axis, keepdims) / _count(x, axis, keepdims)


def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Variance of what is a number.

    Examples
    --------
    >>> nanvar([1.0, float("nan"), 3.0]).item()
    1.0
    """
    return nanmean(ops.square(ops.subtract(x, nanmean(x, axis, True))), axis, keepdims)


def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Standard deviation of what is a number.

    Examples
    --------
    >>> nanstd([1.0, float("nan"), 3.0]).item()
    1.0
    """
    return ops.sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Largest number; NaN where there is none.

    Examples
    --------
    >>> nanmax([1.0, float("nan"), 3.0]).item()
    3.0
    """
    return _or_nan(ops.max(_instead(x, -math.inf), axis, keepdims), x, axis, keepdims)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Smallest number; NaN where there is none.

    Examples
    --------
    >>> nanmin([1.0, float("nan"), 3.0]).item()
    1.0
    """
    return _or_nan(ops.min(_instead(x, math.inf), axis, keepdims), x, axis, keepdims)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the largest number; -1 where there is none.

    Examples
    --------
    >>> nanargmax([1.0, float("nan"), 3.0]).item()
    2
    """
    place = ops.argmax(_instead(x, -math.inf), axis, keepdims)
    return ops.where(ops.all(ops.isnan(x), axis, keepdims), -1, place)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the smallest number; -1 where there is none.

    Examples
    --------
    >>> nanargmin([1.0, float("nan"), 3.0]).item()
    0
    """
    place = ops.argmin(_instead(x, math.inf), axis, keepdims)
    return ops.where(ops.all(ops.isnan(x), axis, keepdims), -1, place)


def nancumsum(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running sum that passes over what is no number.

    Examples
    --------
    >>> nancumsum([1.0, float("nan"), 3.0]).tolist()
    [1.0, 1.0, 4.0]
    """
    return ops.cumsum(_instead(x, 0.0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running product that passes over what is no number.

    Examples
    --------
    >>> nancumprod([2.0, float("nan"), 3.0]).tolist()
    [2.0, 2.0, 6.0]
    """
    return ops.cumprod(_instead(x, 1.0), axis, dtype)


def nanquantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`quantile` of what is a number.

    Each place of the result picks its own two neighbours in the sorted numbers, NaNs being last.

    Examples
    --------
    >>> nanquantile([1.0, float("nan"), 3.0], 0.5).item()
    2.0
    """
    if getattr(x, "is_symbolic", False):
        raise DTypeError("how many numbers are NaN is not known yet", op="nanquantile")
    if np.ndim(q):
        return ops.stack([nanquantile(x, part, axis, method, keepdims) for part in np.asarray(q).tolist()])
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    kept = [i for i in range(x.ndim) if i not in axes]
    rows = ops.reshape(ops.transpose(x, (*kept, *axes)), (*(x.shape[i] for i in kept), -1))
    ordered = ops.sort(rows, -1)  # NaN last
    count = np.sum(~np.isnan(rows.array), -1, keepdims=True)
    place = float(q) * (count - 1)
    below, above = np.floor(place), np.ceil(place)
    part = {"linear": place - below, "lower": 0 * place, "higher": np.ceil(place - below),
            "nearest": np.round(place) - below, "midpoint": (above - below) / 2}[method]  # fmt: skip
    low, high = (
        ops.take_along_axis(ordered, np.maximum(edge, 0).astype(np.int32), -1) for edge in (below, above)
    )
    result = ops.squeeze(low + (high - low) * part.astype(x.dtype), -1)
    return ops.reshape(result, [1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdims else result


def nanpercentile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`nanquantile` with q in percent.

    Examples
    --------
    >>> nanpercentile([1.0, float("nan"), 3.0], 50).item()
    2.0
    """
    return nanquantile(x, np.asarray(q) / 100, axis, method, keepdims)


def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Median of what is a number.

    Examples
    --------
    >>> nanmedian([1.0, float("nan"), 3.0]).item()
    2.0
    """
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


def _instead(x: Any, value: float) -> Tensor:
    x = to_tensor(x)
    return ops.where(ops.isnan(x), value, x) if np.dtype(x.dtype).kind == "f" else x


def _count(x: Any, axis: Axis, keepdims: bool) -> Tensor:
    x = to_tensor(x)
    dtype = x.dtype if np.dtype(x.dtype).kind == "f" else None
    return ops.sum(ops.cast(ops.logical_not(ops.isnan(x)), dtype or "float32"), axis, keepdims)


def _or_nan(result: Tensor, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    if np.dtype(result.dtype).kind != "f":
        return result
    return ops.where(ops.all(ops.isnan(x), axis, keepdims), math.nan, result)
