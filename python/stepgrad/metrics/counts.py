"""True and false, positives and negatives, at many thresholds in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from stepgrad.device_arrays import beside, to_host
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.metrics.accuracy import same_shape
from stepgrad.metrics.metric import as_it_lies, weights_beside

LOWEST = -1e10  # stands below every prediction: the threshold that goes with top_k


class Counts(NamedTuple):
    """Weighted counts, shape (thresholds,), or (thresholds, labels)."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    true_negatives: np.ndarray
    false_negatives: np.ndarray


def parse_thresholds(thresholds: Any, default: float) -> list[float]:
    """Return the thresholds as a list; each must lie in [0, 1]."""
    if thresholds is None:
        return [default]
    parsed = [float(t) for t in np.atleast_1d(np.asarray(thresholds, float))]
    wrong = [t for t in parsed if not 0 <= t <= 1]
    if wrong:
        raise ArgumentError("thresholds are probabilities", expected="0 <= threshold <= 1", got=str(wrong))
    return parsed


class Thresholds:
    """Thresholds, and what can be known of them before any prediction comes.

    Examples
    --------
    >>> Thresholds([0.0, 0.5, 1.0]).even, Thresholds([0.3, 0.2]).undo.tolist()
    (True, [1, 0])
    """

    def __init__(self, values: Sequence[float]):
        n = len(values)
        self.size = n
        self.sorted = np.sort(np.asarray(values, np.float32))
        self.undo = np.argsort(np.argsort(np.asarray(values), kind="stable"), kind="stable")
        self.below_zero = min(values) < 0  # AUC's outermost thresholds lie a little outside of [0, 1]
        self.even = n >= 3 and np.allclose(np.clip(values, 0, 1), np.arange(n) / (n - 1), rtol=0, atol=1e-6)

    def bucket(self, y_pred: Any) -> Any:
        """Return for each prediction how many thresholds, in rising order, lie below it, minus one."""
        if self.even:
            bucket = np.ceil(np.clip(y_pred, 0, 1) * np.float32(self.size - 1)) - 1
            bucket = np.maximum(bucket, 0) if self.below_zero else bucket
        else:
            bucket = np.searchsorted(beside(y_pred, self.sorted), y_pred, side="left") - 1
        return np.where(np.isnan(y_pred), -1, bucket).astype(np.int64)  # NaN is above no threshold


def count(
    y_true: Any,
    y_pred: Any,
    thresholds: Thresholds,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
    multi_label: bool = False,
    label_weights: Any = None,
    name: str = "metric",
) -> Counts:
    """Count at each threshold; a prediction is positive when it is above the threshold.

    Each prediction is put into the bucket of the highest threshold below it, where it lies: what leaves a GPU is how much
    is in each bucket. A cumulative sum over the buckets then gives the counts at all thresholds at once.

    Examples
    --------
    >>> count([1, 1, 0], [0.9, 0.3, 0.6], Thresholds([0.5])).true_positives.tolist()
    [1.0]
    """
    y_true, y_pred = same_shape(name, y_true, as_it_lies(y_pred).astype(np.float32, copy=False))
    weight = _weights(sample_weight, y_pred)
    if top_k is not None:
        y_pred = keep_top_k(y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim < 2 or not 0 <= class_id < y_pred.shape[-1]:
            raise ShapeError(
                f"there is no class {class_id}",
                op=name,
                expected="predictions (..., classes)",
                got=str(y_pred.shape),
            )
        y_true, y_pred = y_true[..., class_id : class_id + 1], y_pred[..., class_id : class_id + 1]
        if weight is not None and weight.shape[-1] != 1:
            weight = weight[..., class_id : class_id + 1]
    if label_weights is not None:
        of_label = beside(y_pred, np.asarray(label_weights, np.float64))
        weight = np.broadcast_to(of_label if weight is None else weight * of_label, y_pred.shape)
    labels = y_pred.shape[-1] if multi_label else 1
    buckets = thresholds.size + 1  # the first: below all thresholds
    slots = (buckets * ~y_true.astype(bool) + thresholds.bucket(y_pred) + 1).reshape(-1, labels)
    slots = slots * labels + beside(y_pred, np.arange(labels))
    amount = None if weight is None else weight.ravel()
    table = to_host(np.bincount(slots.ravel(), amount, 2 * buckets * labels)).astype(np.float64)
    table = table.reshape(2, buckets, labels)  # of positives, of negatives
    (tp, fp) = above = np.cumsum(table[:, :0:-1], axis=1)[:, ::-1]
    fn, tn = table.sum(axis=1, keepdims=True) - above
    return Counts(*((c if multi_label else c[:, 0])[thresholds.undo] for c in (tp, fp, tn, fn)))


def keep_top_k(y_pred: Any, k: int) -> Any:
    """Put everything but the k highest predictions of each row below every threshold."""
    if not 1 <= k <= y_pred.shape[-1]:
        raise ArgumentError(
            "there are not so many classes", expected=f"1 <= top_k <= {y_pred.shape[-1]}", got=f"{k}"
        )
    order = np.argsort(-y_pred, axis=-1, kind="stable")
    return np.where(np.argsort(order, axis=-1, kind="stable") < k, y_pred, np.float32(LOWEST))


def _weights(sample_weight: Any, y_pred: Any) -> Any:
    if sample_weight is None:
        return None
    shape = y_pred.shape
    weight = weights_beside(y_pred, sample_weight, np.float64)
    if weight.ndim == len(shape) - 1 and weight.ndim:
        weight = weight[..., None]
    if weight.ndim > len(shape) and weight.shape[-1] == 1:
        weight = weight[..., 0]
    try:
        return np.broadcast_to(weight, shape)
    except ValueError:
        raise ShapeError(
            "the sample weights do not fit the predictions",
            expected=f"shape ({shape[0]},)",
            got=str(np.shape(sample_weight)),
        ) from None
