"""Losses for segmentation, noisy labels and embeddings: dice, tversky, generalized crossentropy, circle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import config, ops
from stepgrad.losses.checks import pair
from stepgrad.losses.loss import LOSSES, LossFunctionWrapper
from stepgrad.tape import Tensor

Axis = int | tuple[int, ...] | None


@LOSSES.register
def dice(y_true: Any, y_pred: Any, axis: Axis = None) -> Tensor:
    """One minus twice the overlap, divided by the sizes of both.

    Source: F. Milletari et al., V-Net, 2016.

    Examples
    --------
    >>> round(dice([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
    0.3333
    """
    y_true, y_pred = pair("dice", y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis) * 2.0
    return 1.0 - both / (ops.sum(y_true, axis) + ops.sum(y_pred, axis) + config.epsilon())


@LOSSES.register
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Tensor:
    """`dice` with weights for what is missed (alpha) and for what is too much (beta).

    Source: S. Salehi et al., Tversky loss function for image segmentation, 2017.

    Examples
    --------
    >>> round(tversky([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
    0.3333
    """
    y_true, y_pred = pair("tversky", y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis)
    missed, much = ops.sum((1.0 - y_pred) * y_true, axis), ops.sum(y_pred * (1.0 - y_true), axis)
    return 1.0 - both / (both + missed * alpha + much * beta + config.epsilon())


@LOSSES.register
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """``(1 - p ** q) / q``, p being the probability of the true class: crossentropy for q -> 0, robust to wrong labels for q = 1.

    Source: Z. Zhang and M. Sabuncu, Generalized Cross Entropy Loss, 2018.

    Parameters
    ----------
    y_true : int tensor, shape (batch,)
    y_pred : tensor of probabilities, shape (batch, classes)
    q : float, 0 < q < 1

    Examples
    --------
    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], 0.5).tolist()
    [1.0]
    """
    y_pred = ops.convert_to_tensor(y_pred)
    chosen = ops.one_hot(
        ops.cast(ops.convert_to_tensor(y_true), "int32"), y_pred.shape[-1], dtype=y_pred.dtype
    )
    return (1.0 - ops.power(ops.sum(y_pred * chosen, -1), float(q))) / float(q)


@LOSSES.register
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Pull embeddings of one class together and push others away, the harder the farther they are from where they belong.

    Source: Y. Sun et al., Circle Loss, 2020.

    Parameters
    ----------
    y_true : int tensor, shape (batch,)
    y_pred : tensor, shape (batch, size)
        Of length 1.
    ref_labels, ref_embeddings : tensor, optional
        What to compare with; the batch itself when left out.
    remove_diagonal : bool
        Do not compare a sample with itself.
    gamma, margin : float

    Examples
    --------
    >>> circle([0, 0], [[1.0, 0.0], [1.0, 0.0]]).tolist()
    [0.0, 0.0]
    """
    y_pred, labels = ops.convert_to_tensor(y_pred), np.asarray(y_true).reshape(-1)
    others = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    same = labels[:, None] == (labels if ref_labels is None else np.asarray(ref_labels).reshape(-1))[None, :]
    different = np.logical_not(same)
    if remove_diagonal:
        same = np.logical_and(same, np.eye(*same.shape) == 0)
    distances = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    near = -gamma * ops.maximum(margin + distances, 0.0) * (margin - distances)
    far = gamma * ops.maximum(1.0 + margin - distances, 0.0) * (1.0 - margin - distances)
    lowest = -math.inf
    pulled = _logsumexp(ops.where(same, near, lowest), same)
    pushed = _logsumexp(ops.where(different, far, lowest), different)
    return ops.where(same.any(1) & different.any(1), ops.softplus(pulled + pushed), 0.0)


def _logsumexp(x: Tensor, used: np.ndarray) -> Tensor:
    """Take it along rows; a row without entries gives 0, and no NaN on the way back."""
    filled = ops.where(used.any(1, keepdims=True), x, 0.0)
    return ops.logsumexp(filled, axis=1)


@LOSSES.register
class Dice(LossFunctionWrapper):
    """Overlap loss for segmentation: see `dice`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axis = None,
        dtype: str | None = None,
    ):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@LOSSES.register
class Tversky(LossFunctionWrapper):
    """Weighted overlap loss for segmentation: see `tversky`."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axis = None,
        dtype: str | None = None,
    ):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


@LOSSES.register
class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Crossentropy that bears wrong labels: see `categorical_generalized_cross_entropy`."""

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
    ):
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


@LOSSES.register
class Circle(LossFunctionWrapper):
    """Loss for embeddings: see `circle`."""

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: str | None = None,
    ):
        settings: dict[str, Any] = {"gamma": gamma, "margin": margin, "remove_diagonal": remove_diagonal}
        super().__init__(circle, reduction, name, dtype, **settings)
