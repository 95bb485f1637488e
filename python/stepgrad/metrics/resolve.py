"""What a word such as "accuracy" means for these labels and these predictions."""

from __future__ import annotations

from typing import Any

from stepgrad.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from stepgrad.metrics.metric import METRICS, Metric
from stepgrad.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from stepgrad.metrics.reduction import MeanMetricWrapper

_ACCURACY = {
    "binary": BinaryAccuracy,
    "categorical": CategoricalAccuracy,
    "sparse": SparseCategoricalAccuracy,
}
_CROSSENTROPY = {
    "binary": BinaryCrossentropy,
    "categorical": CategoricalCrossentropy,
    "sparse": SparseCategoricalCrossentropy,
}


def kind_of(y_true_shape: tuple, y_pred_shape: tuple) -> str:
    """Tell from the shapes what the labels are: "binary", "sparse" (class numbers) or "categorical" (one-hot).

    Examples
    --------
    >>> kind_of((32,), (32, 10)), kind_of((32, 10), (32, 10)), kind_of((32,), (32, 1))
    ('sparse', 'categorical', 'binary')
    """
    if not y_pred_shape or y_pred_shape[-1] == 1:
        return "binary"
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return "sparse"
    return "categorical"


def resolve(identifier: Any, y_true_shape: tuple, y_pred_shape: tuple, loss: Any = None) -> Metric:
    """Return the metric that an entry of ``compile(metrics=[...])`` means.

    Parameters
    ----------
    identifier : str, function, Metric, class or config
        "accuracy", "acc", "crossentropy" and "ce" are chosen by the shapes.
    y_true_shape, y_pred_shape : tuple
    loss : Loss, optional
        Tells "crossentropy" whether the predictions are logits.

    Returns
    -------
    Metric
        Under the name by which it was asked for.

    Examples
    --------
    >>> resolve("accuracy", (32,), (32, 10))
    <SparseCategoricalAccuracy name='accuracy'>
    """
    word = identifier.lower() if isinstance(identifier, str) else None
    if word in ("accuracy", "acc"):
        return _ACCURACY[kind_of(y_true_shape, y_pred_shape)](name=identifier)
    if word in ("crossentropy", "ce"):
        from_logits = getattr(loss, "_fn_kwargs", {}).get("from_logits", False)
        return _CROSSENTROPY[kind_of(y_true_shape, y_pred_shape)](name=identifier, from_logits=from_logits)
    metric = METRICS.get(identifier)
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric)
    if word:
        metric.name = identifier
    return metric
