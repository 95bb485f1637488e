"""Accuracies: how often is the prediction right?"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.losses.checks import shapes_differ
from stepgrad.losses.loss import squeeze_or_expand_to_same_rank
from stepgrad.metrics.metric import METRICS, together
from stepgrad.metrics.reduction import MeanMetricWrapper


def same_shape(name: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays of one shape, or explain; nothing is broadcast."""
    y_true, y_pred = together(y_true, y_pred)
    given = y_true.shape, y_pred.shape
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise shapes_differ(name, *given)
    return y_true, y_pred


def one_hot_pair(name: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return (numbers of the true classes, predictions) from one-hot labels, or explain."""
    y_true, y_pred = together(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        if y_true.shape in (y_pred.shape[:-1], (*y_pred.shape[:-1], 1)):
            raise ShapeError(
                "these labels are class numbers, and this metric wants one number a class",
                op=name,
                expected=f"labels of shape {y_pred.shape}, as the predictions",
                got=f"labels of shape {y_true.shape}",
                fix=f"use sparse_{name}",
            )
        raise shapes_differ(name, y_true.shape, y_pred.shape)
    return y_true.argmax(axis=-1), y_pred


def class_number_pair(name: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return (numbers of the true classes, predictions) from class numbers, or explain."""
    y_true, y_pred = together(y_true, y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        if y_true.shape == y_pred.shape:
            raise ShapeError(
                "these labels have one number a class, and this metric wants the number of the class",
                op=name,
                expected=f"labels of shape {y_pred.shape[:-1]}",
                got=f"labels of shape {y_true.shape}",
                fix=f"use {name.removeprefix('sparse_')}",
            )
        raise shapes_differ(name, y_true.shape, y_pred.shape, y_pred.shape[:-1])
    return y_true, y_pred


def accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return 1 where prediction and label are equal, else 0.

    Examples
    --------
    >>> accuracy([1, 2], [1, 3]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = same_shape("accuracy", y_true, y_pred)
    return (y_true == y_pred).astype(config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> np.ndarray:
    """Return 1 where the prediction lies on the label's side of the threshold, else 0.

    Examples
    --------
    >>> binary_accuracy([1, 0], [0.7, 0.6]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = same_shape("binary_accuracy", y_true, y_pred)
    return (y_true == (y_pred > threshold)).astype(config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return 1 where the most probable class is the one-hot label's, else 0.

    Examples
    --------
    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]).tolist()
    [1.0, 0.0]
    """
    labels, y_pred = one_hot_pair("categorical_accuracy", y_true, y_pred)
    return (labels == y_pred.argmax(axis=-1)).astype(config.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return 1 where the most probable class is the label, else 0.

    Examples
    --------
    >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]]).tolist()
    [1.0, 0.0]
    """
    labels, y_pred = class_number_pair("sparse_categorical_accuracy", y_true, y_pred)
    return (labels == y_pred.argmax(axis=-1)).astype(config.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """Return 1 where the one-hot label's class is among the k most probable, else 0.

    Examples
    --------
    >>> top_k_categorical_accuracy([[1, 0, 0]], [[0.3, 0.5, 0.2]], k=2).tolist()
    [1.0]
    """
    labels, y_pred = one_hot_pair("top_k_categorical_accuracy", y_true, y_pred)
    return _in_top_k(labels, y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> np.ndarray:
    """Return 1 where the label is among the k most probable classes, else 0.

    With `from_sorted_ids` the predictions are the classes themselves, the most probable first.

    Examples
    --------
    >>> sparse_top_k_categorical_accuracy([0], [[0.3, 0.5, 0.2]], k=2).tolist()
    [1.0]
    """
    labels, y_pred = class_number_pair("sparse_top_k_categorical_accuracy", y_true, y_pred)
    if from_sorted_ids:
        return (labels[..., None] == y_pred[..., :k]).any(axis=-1).astype(config.floatx())
    return _in_top_k(labels, y_pred, k)


def _in_top_k(labels: np.ndarray, y_pred: np.ndarray, k: int) -> np.ndarray:
    classes = y_pred.shape[-1]
    if not 1 <= k <= classes:
        raise ArgumentError("there are not so many classes", expected=f"1 <= k <= {classes}", got=f"k={k}")
    kth = np.partition(y_pred, classes - k, axis=-1)[..., classes - k]
    at_label = np.take_along_axis(y_pred, labels[..., None].astype(np.int64), axis=-1)[..., 0]
    return (at_label >= kth).astype(config.floatx())


@METRICS.register
class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels: see `accuracy`."""

    def __init__(self, name: str = "accuracy", dtype: str | None = None):
        super().__init__(accuracy, name, dtype)


@METRICS.register
class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions lie on the labels' side of the threshold: see `binary_accuracy`."""

    def __init__(self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


@METRICS.register
class CategoricalAccuracy(MeanMetricWrapper):
    """How often the most probable class is the one-hot label's: see `categorical_accuracy`."""

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None):
        super().__init__(categorical_accuracy, name, dtype)


@METRICS.register
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the most probable class is the label: see `sparse_categorical_accuracy`.

    Examples
    --------
    >>> SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]]).item()
    0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


@METRICS.register
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot label's class is among the k most probable: see `top_k_categorical_accuracy`."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


@METRICS.register
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the label is among the k most probable classes: see `sparse_top_k_categorical_accuracy`."""

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
