"""Counts and statistics: histogram, percentile, correlation, who is in the top k."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.ops.op import to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor, as_tensor, wrap


def values_of(op: str, x: Any) -> np.ndarray:
    """Return the values of an input whose result's shape depends on them, or raise for a KerasTensor."""
    if getattr(x, "is_symbolic", False):
        raise DTypeError("the result depends on values that a KerasTensor does not have yet", op=op)
    return as_tensor(x).array


def percentile(
    x: Any, q: Any, axis: int | tuple[int, ...] | None = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` with q in percent.

    Examples
    --------
    >>> percentile([1.0, 2.0, 4.0], 75).item()
    3.0
    """
    return ops.quantile(x, np.asarray(q) / 100, axis, method, keepdims)


def ptp(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The largest minus the smallest entry ("peak to peak").

    Examples
    --------
    >>> ptp([1.0, 5.0, 2.0]).item()
    4.0
    """
    return ops.subtract(ops.max(x, axis, keepdims), ops.min(x, axis, keepdims))


def corrcoef(x: Any) -> Tensor:
    """Correlations of the rows of `x`, from -1 to 1.

    Parameters
    ----------
    x : tensor, shape (variables, observations) or (observations,)

    Examples
    --------
    >>> np.round(corrcoef([[1.0, 2.0], [2.0, 1.0]]).numpy(), 4).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    x = to_tensor(x)
    centered = x - ops.mean(x, -1, keepdims=True)
    if x.ndim < 2:
        return ops.mean(ops.square(centered)) / ops.mean(ops.square(centered))
    rows = centered / ops.sqrt(ops.sum(ops.square(centered), -1, keepdims=True))
    return ops.clip(ops.matmul(rows, ops.transpose(rows)), -1, 1)


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Tensor:
    """Sums of the products of `x1` and `x2` shifted against each other.

    Parameters
    ----------
    x1, x2 : tensor, shapes (n,) and (m,)
    mode : {"valid", "same", "full"}
        Shifts with a full overlap, so many as the longer one has entries, or all.

    Examples
    --------
    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5]).tolist()
    [3.5]
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    n, m = x1.shape[0], x2.shape[0]
    full = [(min(n, k + 1), max(0, k + 1 - m)) for k in range(n + m - 1)]
    if mode == "valid":
        full = full[min(n, m) - 1 : max(n, m)]
    elif mode == "same":
        start = (n + m - 1 - max(n, m)) // 2
        full = full[start : start + max(n, m)]
    elif mode != "full":
        raise ArgumentError("there is no such mode", op="correlate", expected="valid, same or full", got=mode)
    shift = {pair: k for k, pair in enumerate([(min(n, k + 1), max(0, k + 1 - m)) for k in range(n + m - 1)])}
    sums = []
    for stop, start in full:
        offset = m - 1 - shift[stop, start]
        sums.append(ops.sum(x1[start:stop] * x2[start + offset : stop + offset]))
    return ops.stack(sums)


def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """Count the entries in bins of equal width.

    Returns
    -------
    counts, as floats, [bins], and edges [bins + 1]

    Examples
    --------
    >>> counts, edges = histogram([0.0, 1.0, 1.0], bins=2)
    >>> counts.tolist(), edges.tolist()
    ([1.0, 2.0], [0.0, 0.5, 1.0])
    """
    counts, edges = np.histogram(values_of("histogram", x), bins, range)
    return wrap(counts.astype(config.floatx())), wrap(edges.astype(config.floatx()))


def digitize(x: Any, bins: Any) -> Tensor:
    """Number of the bin of each entry: how many of the ascending edges are not above it. int32.

    Examples
    --------
    >>> digitize([0.5, 1.0, 9.0], [1.0, 2.0]).tolist()
    [0, 1, 2]
    """
    return ops.searchsorted(bins, x, side="right")


def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Tell for each row whether the target class is among the k largest predictions.

    Parameters
    ----------
    targets : int tensor, shape (batch,)
    predictions : tensor, shape (batch, classes)

    Examples
    --------
    >>> in_top_k([0, 1], [[0.1, 0.2, 0.7], [0.1, 0.8, 0.1]], 2).tolist()
    [False, True]
    """
    targets = to_tensor(targets)
    own = ops.take_along_axis(predictions, ops.expand_dims(targets, -1), -1)
    better = ops.sum(ops.cast(ops.greater(predictions, own), "int32"), -1)
    return ops.logical_and(ops.less(better, k), ops.isfinite(ops.squeeze(own, -1)))


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Ones at all the class numbers of each row, zeros elsewhere.

    Parameters
    ----------
    inputs : int tensor, shape (..., n)
    num_classes : int

    Examples
    --------
    >>> multi_hot([[0, 2]], num_classes=4).tolist()
    [[1.0, 0.0, 1.0, 0.0]]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None or sparse or kwargs:
        raise ArgumentError(
            "multi_hot needs num_classes, and makes dense tensors",
            op="multi_hot",
            got=f"{num_classes=}, {sparse=}",
        )
    inputs = to_tensor(inputs)
    over = 1 if inputs.ndim > 1 else 0
    return ops.max(ops.one_hot(inputs, num_classes, axis, dtype), over)


def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """Peak signal-to-noise ratio in decibels: how near two images are.

    Examples
    --------
    >>> round(psnr([0.0, 1.0], [0.0, 0.9], 1.0).item(), 2)
    23.01
    """
    error = ops.mean(ops.square(ops.subtract(x1, x2)))
    return 20 * math.log10(max_val) - ops.log10(error) * 10


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Tell which entries of `x1` occur in `x2`.

    Examples
    --------
    >>> isin([1, 2, 3], [3, 1]).tolist()
    [True, False, True]
    """
    x1 = to_tensor(x1)
    found = ops.any(ops.equal(ops.expand_dims(x1, -1), ops.ravel(x2)), -1)
    return ops.logical_not(found) if invert else found


def argpartition(x: Any, kth: int, axis: int = -1) -> Tensor:
    """Places of the entries so that those before the k-th are not larger and those behind not smaller. int32.

    Here they are all in order, which fulfils that.

    Examples
    --------
    >>> argpartition([3.0, 1.0, 2.0], 1).tolist()
    [1, 2, 0]
    """
    size = ops.shape(x)[axis]
    if size is not None and not -size <= kth < size:
        raise ArgumentError(
            "kth is not on the axis", op="argpartition", expected=f"0 <= kth < {size}", got=str(kth)
        )
    return ops.argsort(x, axis)


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the different entries in ascending order (different slices, with an axis).

    Parameters
    ----------
    return_index, return_inverse, return_counts : bool
        Also return where each occurs first, which of them each entry is, and how often each occurs. int32.
    size, fill_value : int and number, optional
        Cut or fill up to so many.

    Examples
    --------
    >>> values, counts = unique([3, 1, 3], return_counts=True)
    >>> values.tolist(), counts.tolist()
    ([1, 3], [1, 2])
    """
    values, index, inverse, counts = np.unique(
        values_of("unique", x), return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    if axis is None:
        inverse = inverse.reshape(np.shape(values_of("unique", x)))
    if size is not None:
        along = axis or 0
        missing = size - values.shape[along]
        keep = [slice(None)] * values.ndim
        keep[along] = slice(size)
        values = values[tuple(keep)]
        if missing > 0:
            fill = values.min() if fill_value is None and values.size else fill_value or 0
            pad = [(0, missing if i == along else 0) for i in np.arange(values.ndim)]
            values = np.pad(values, pad, constant_values=fill)
        index, counts = (np.pad(part[:size], (0, max(missing, 0))) for part in (index, counts))
    results = [wrap(values)]
    for wanted, part in ((return_index, index), (return_inverse, inverse), (return_counts, counts)):
        if wanted:
            results.append(wrap(part.astype(np.int32)))
    return results[0] if len(results) == 1 else tuple(results)


def unravel_index(indices: Any, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Turn places in a flattened tensor into places along each axis. int32.

    Examples
    --------
    >>> [part.tolist() for part in unravel_index([5], (2, 3))]
    [[1], [2]]
    """
    parts, rest = [], to_tensor(indices)
    rest = ops.where(ops.less(rest, 0), rest + math.prod(shape), rest)
    for size in reversed(shape):
        parts.append(ops.cast(ops.mod(rest, size), "int32"))
        rest = ops.floor_divide(rest, size)
    return tuple(reversed(parts))
