"""Losses for probabilities: how surprised is the prediction by the truth?"""

from __future__ import annotations

from typing import Any

from stepgrad import config, ops
from stepgrad.losses.checks import categorical_pair, pair, sparse_pair
from stepgrad.losses.loss import LOSSES
from stepgrad.tape import Tensor


@LOSSES.register("bce", "BCE")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    r"""Mean of :math:`-y \ln \hat y - (1 - y) \ln(1 - \hat y)` over `axis`.

    Parameters
    ----------
    y_true, y_pred : tensor of one shape
    from_logits : bool
        True when `y_pred` did not go through a sigmoid: more exact than the sigmoid and this loss one after the other.
    label_smoothing : float
        Move the labels this far from 0 and 1 towards 1/2.
    axis : int

    Examples
    --------
    >>> round(binary_crossentropy([[1.0]], [[0.5]]).item(), 4)
    0.6931
    """
    y_true, y_pred = pair("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@LOSSES.register
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    r"""Binary crossentropy times :math:`(1 - p)^\gamma`, where p is the probability given to the truth.

    Source: T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017.

    Examples
    --------
    >>> round(binary_focal_crossentropy([[1.0]], [[0.5]]).item(), 4)
    0.1733
    """
    y_true, y_pred = pair("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(values, axis=axis)


@LOSSES.register
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    r""":math:`-\sum_j y_j \ln \hat y_j` for labels that are a distribution (mostly one-hot) over the classes.

    Parameters
    ----------
    y_true, y_pred : tensor of one shape (..., classes)
    from_logits : bool
        True when `y_pred` did not go through a softmax; False brings every row to the sum 1.
    label_smoothing : float
        Mix this much of the uniform distribution into the labels.
    axis : int
        The axis of the classes.

    Examples
    --------
    >>> round(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    y_true, y_pred = categorical_pair("categorical_crossentropy", y_true, y_pred, axis)
    y_true = _smooth(y_true, label_smoothing, axis)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@LOSSES.register
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    r""":math:`-\sum_j \alpha (1 - \hat y_j)^\gamma y_j \ln \hat y_j`: samples that are already right count little.

    Source: T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017.

    Examples
    --------
    >>> round(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).item(), 4)
    0.0433
    """
    y_true, y_pred = categorical_pair("categorical_focal_crossentropy", y_true, y_pred, axis)
    y_true = _smooth(y_true, label_smoothing, axis)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    y_pred = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0 - config.epsilon())
    return ops.sum(ops.power(1.0 - y_pred, gamma) * (-alpha) * y_true * ops.log(y_pred), axis=axis)


@LOSSES.register
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    r""":math:`-\ln \hat y_k` where k is the number of the right class.

    Parameters
    ----------
    y_true : tensor of whole numbers, shape (...) or (..., 1)
    y_pred : tensor of shape (..., classes)
    from_logits : bool
        True when `y_pred` did not go through a softmax.
    ignore_class : int, optional
        A label, often -1, whose samples get the loss 0 and, in `SparseCategoricalCrossentropy`, do not count in the mean.
    axis : int
        The axis of the classes.

    Examples
    --------
    >>> round(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    y_true, y_pred = sparse_pair("sparse_categorical_crossentropy", y_true, y_pred, axis, ignore_class)
    labels = ops.cast(y_true, "int64")
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=from_logits, axis=axis)
    counts = ops.not_equal(labels, ignore_class)
    # Where a row does not count, neither its label nor its predictions (perhaps NaN) may reach the logarithm.
    y_pred = ops.where(ops.expand_dims(counts, axis), y_pred, 0.0 if from_logits else 1.0)
    values = ops.sparse_categorical_crossentropy(
        ops.where(counts, labels, 0), y_pred, from_logits=from_logits, axis=axis
    )
    return ops.where(counts, values, 0.0)


@LOSSES.register("kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    r""":math:`\sum_j y_j \ln(y_j / \hat y_j)`, the Kullback-Leibler divergence.

    Examples
    --------
    >>> round(kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).item(), 4)
    0.1438
    """
    y_true, y_pred = pair("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@LOSSES.register
def poisson(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`\hat y - y \ln \hat y`, for counts.

    Examples
    --------
    >>> poisson([[2.0]], [[1.0]]).item()
    0.9999997615814209
    """
    y_true, y_pred = pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


def _smooth(y_true: Tensor, label_smoothing: float, axis: int) -> Tensor:
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
