"""Hinge losses: the right answer must win by a margin of 1."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.losses.checks import categorical_pair, pair
from stepgrad.losses.loss import LOSSES, LossFunctionWrapper
from stepgrad.tape import Tensor


@LOSSES.register
def hinge(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`\max(1 - y \hat y, 0)`; labels are -1 and 1, or 0 and 1.

    Examples
    --------
    >>> hinge([[-1.0, 1.0]], [[0.5, 2.0]]).tolist()
    [0.75]
    """
    y_true, y_pred = pair("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


@LOSSES.register
def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`\max(1 - y \hat y, 0)^2`; labels are -1 and 1, or 0 and 1.

    Examples
    --------
    >>> squared_hinge([[-1.0, 1.0]], [[1.0, 2.0]]).tolist()
    [2.0]
    """
    y_true, y_pred = pair("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


@LOSSES.register
def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    r""":math:`\max(\max_{j}((1 - y_j) \hat y_j) - \sum_j y_j \hat y_j + 1, 0)` for one-hot labels.

    Examples
    --------
    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.5]]).tolist()
    [1.0]
    """
    y_true, y_pred = categorical_pair("categorical_hinge", y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    best_wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(best_wrong - right + 1.0, 0.0)


def _signs(y_true: Tensor) -> Tensor:
    """Turn labels 0 and 1 into -1 and 1; others stay."""
    are_01 = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    return ops.where(are_01, 2 * y_true - 1, y_true)


@LOSSES.register
class Hinge(LossFunctionWrapper):
    """Hinge loss: see `hinge`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: str | None = None
    ):
        super().__init__(hinge, reduction, name, dtype)


@LOSSES.register
class SquaredHinge(LossFunctionWrapper):
    """Squared hinge loss: see `squared_hinge`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: str | None = None,
    ):
        super().__init__(squared_hinge, reduction, name, dtype)


@LOSSES.register
class CategoricalHinge(LossFunctionWrapper):
    """Hinge loss for several classes: see `categorical_hinge`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: str | None = None,
    ):
        super().__init__(categorical_hinge, reduction, name, dtype)
