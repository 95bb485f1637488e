"""Losses for measured values: how far is each prediction from the truth?"""

from __future__ import annotations

import math
from typing import Any

from stepgrad import config, ops
from stepgrad.losses.checks import pair
from stepgrad.losses.loss import LOSSES, LossFunctionWrapper
from stepgrad.tape import Tensor


@LOSSES.register("mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`(y - \hat y)^2` over the last axis.

    Examples
    --------
    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
    [2.5]
    """
    y_true, y_pred = pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@LOSSES.register("mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`|y - \hat y|` over the last axis.

    Examples
    --------
    >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    y_true, y_pred = pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@LOSSES.register("mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    r"""100 times the mean of :math:`|y - \hat y| / \max(|y|, \epsilon)`.

    Examples
    --------
    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    y_true, y_pred = pair("mean_absolute_percentage_error", y_true, y_pred)
    scale = ops.maximum(ops.abs(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / scale), axis=-1)


@LOSSES.register("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`(\ln(1 + y) - \ln(1 + \hat y))^2`; negative values count as 0.

    Examples
    --------
    >>> round(mean_squared_logarithmic_error([[0.0]], [[1.0]]).item(), 4)
    0.4805
    """
    y_true, y_pred = pair("mean_squared_logarithmic_error", y_true, y_pred)
    true_log = ops.log(ops.maximum(y_true, config.epsilon()) + 1.0)
    return ops.mean(ops.square(ops.log(ops.maximum(y_pred, config.epsilon()) + 1.0) - true_log), axis=-1)


@LOSSES.register
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    r"""Squares for small errors, absolute values for large ones; `delta` is the border.

    Source: P. J. Huber, Robust Estimation of a Location Parameter, 1964.

    Examples
    --------
    >>> huber([[0.0, 0.0]], [[0.5, 2.0]]).tolist()
    [0.8125]
    """
    y_true, y_pred = pair("huber", y_true, y_pred)
    error = y_pred - y_true
    size = ops.abs(error)
    values = ops.where(size <= delta, 0.5 * ops.square(error), delta * size - 0.5 * delta * delta)
    return ops.mean(values, axis=-1)


@LOSSES.register("logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    r"""Mean of :math:`\ln \cosh(\hat y - y)`, written so that large errors do not overflow.

    Examples
    --------
    >>> round(log_cosh([[0.0]], [[1.0]]).item(), 4)
    0.4338
    """
    y_true, y_pred = pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


@LOSSES.register
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    r"""Minus the cosine of the angle between truth and prediction: -1 is the best.

    Examples
    --------
    >>> cosine_similarity([[1.0, 0.0]], [[2.0, 0.0]]).tolist()
    [-1.0]
    """
    y_true, y_pred = pair("cosine_similarity", y_true, y_pred)
    return -ops.sum(unit_length(y_true, axis) * unit_length(y_pred, axis), axis=axis)


def unit_length(x: Tensor, axis: int) -> Tensor:
    """Divide by the Euclidean norm along `axis`; a zero vector stays zero."""
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(squares, 1e-12))


@LOSSES.register
class MeanSquaredError(LossFunctionWrapper):
    """Mean squared error: see `mean_squared_error`.

    Examples
    --------
    >>> MeanSquaredError()([[0.0], [2.0]], [[1.0], [4.0]]).item()
    2.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: str | None = None,
    ):
        super().__init__(mean_squared_error, reduction, name, dtype)


@LOSSES.register
class MeanAbsoluteError(LossFunctionWrapper):
    """Mean absolute error: see `mean_absolute_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: str | None = None,
    ):
        super().__init__(mean_absolute_error, reduction, name, dtype)


@LOSSES.register
class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean absolute percentage error: see `mean_absolute_percentage_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@LOSSES.register
class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean squared logarithmic error: see `mean_squared_logarithmic_error`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@LOSSES.register
class Huber(LossFunctionWrapper):
    """Huber's loss: see `huber`."""

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: str | None = None,
    ):
        super().__init__(huber, reduction, name, dtype, delta=delta)


@LOSSES.register
class LogCosh(LossFunctionWrapper):
    """Logarithm of the hyperbolic cosine of the error: see `log_cosh`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: str | None = None
    ):
        super().__init__(log_cosh, reduction, name, dtype)


@LOSSES.register
class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine similarity: see `cosine_similarity`."""

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: str | None = None,
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
