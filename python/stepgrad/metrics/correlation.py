"""Correlation of measured and predicted values."""

from __future__ import annotations

from typing import Any

from stepgrad import config, ops
from stepgrad.losses.checks import pair
from stepgrad.metrics.metric import METRICS
from stepgrad.metrics.reduction import MeanMetricWrapper
from stepgrad.tape import Tensor


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return Pearson's correlation along `axis`: 1 where one is the other, scaled and shifted.

    Examples
    --------
    >>> round(pearson_correlation([[1.0, 2.0, 3.0]], [[2.0, 4.0, 6.0]]).item(), 4)
    1.0
    """
    parts = []
    for x in pair("pearson_correlation", y_true, y_pred):
        centered = x - ops.mean(x, axis, keepdims=True)
        parts.append(centered / ops.std(centered, axis, keepdims=True))
    return ops.mean(parts[0] * parts[1], axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return Lin's concordance along `axis`: 1 where one is the other.

    Examples
    --------
    >>> round(concordance_correlation([[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]).item(), 4)
    1.0
    """
    a, b = pair("concordance_correlation", y_true, y_pred)
    mean_a, mean_b = ops.mean(a, axis, keepdims=True), ops.mean(b, axis, keepdims=True)
    # (a - mean_b) has the mean of (a - mean_a) once it is multiplied with something of mean 0
    shared = (a - mean_b) * (b - mean_b)
    size = ops.var(a, axis, keepdims=True) + ops.var(b, axis, keepdims=True) + ops.square(mean_a - mean_b)
    return ops.mean(2.0 * shared / (size + config.epsilon()), axis)


@METRICS.register
class PearsonCorrelation(MeanMetricWrapper):
    """Mean of Pearson's correlation; 1 is the best."""

    def __init__(self, name: str = "pearson_correlation", dtype: str | None = None, axis: int = -1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


@METRICS.register
class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean of Lin's concordance correlation; 1 is the best."""

    def __init__(self, name: str = "concordance_correlation", dtype: str | None = None, axis: int = -1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)
