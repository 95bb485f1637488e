"""Metrics for measured values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from stepgrad import losses
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.metrics.accuracy import same_shape
from stepgrad.metrics.metric import METRICS, Metric, add_gathered, as_result, weights_beside
from stepgrad.metrics.reduction import Mean, MeanMetricWrapper
from stepgrad.tape import Tensor


@METRICS.register("mse", "MSE")
class MeanSquaredError(MeanMetricWrapper):
    """Mean squared error.

    Examples
    --------
    >>> MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]]).item()
    5.0
    """

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None):
        super().__init__(losses.mean_squared_error, name, dtype)


@METRICS.register("mae", "MAE")
class MeanAbsoluteError(MeanMetricWrapper):
    """Mean absolute error."""

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None):
        super().__init__(losses.mean_absolute_error, name, dtype)


@METRICS.register("mape", "MAPE")
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean absolute percentage error."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: str | None = None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


@METRICS.register("msle", "MSLE")
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean squared logarithmic error."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


@METRICS.register("rmse", "RMSE")
class RootMeanSquaredError(Mean):
    """Square root of the mean squared error over all batches.

    Examples
    --------
    >>> metric = RootMeanSquaredError()
    >>> metric.update_state([[0.0]], [[1.0]])
    >>> metric([[0.0]], [[7.0]]).item()
    5.0
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None):
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = (a.astype(self.dtype, copy=False) for a in same_shape(self.name, y_true, y_pred))
        super().update_state(np.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        return as_result(np.sqrt(super().result().array), self.dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return the cosine of the angle between truth and prediction; 1 is the best."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


@METRICS.register
class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine similarity; 1 is the best (the loss of this name has the other sign)."""

    def __init__(self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)


@METRICS.register("logcosh")
class LogCoshError(MeanMetricWrapper):
    """Mean of the logarithm of the hyperbolic cosine of the error."""

    def __init__(self, name: str = "logcosh", dtype: str | None = None):
        super().__init__(losses.log_cosh, name, dtype)


@METRICS.register
class R2Score(Metric):
    r"""Coefficient of determination, :math:`1 - \sum (y - \hat y)^2 / \sum (y - \bar y)^2`.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        How the scores of several outputs become one.
    num_regressors : int
        Not 0: the adjusted score for so many inputs.
    name, dtype : str, optional

    Examples
    --------
    >>> R2Score()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [4.0]]).item()
    0.5
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: str | None = None,
    ):
        super().__init__(dtype, name)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ArgumentError(
                f"R2Score has no class_aggregation {class_aggregation!r}",
                expected="'uniform_average', 'variance_weighted_average' or None",
            )
        if num_regressors < 0:
            raise ArgumentError("num_regressors cannot be negative", got=str(num_regressors))
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), name="num_samples")
        self.sum: Any = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = (a.astype(self.dtype, copy=False) for a in same_shape(self.name, y_true, y_pred))
        if y_true.ndim != 2:
            raise ShapeError(
                "R2Score needs two axes", op=self.name, expected="(batch, outputs)", got=str(y_pred.shape),
                fix="y.reshape(-1, 1) for one output",
            )  # fmt: skip
        if self.sum is None:
            outputs = (y_pred.shape[1],)
            self.squared_sum = self.add_variable(outputs, name="squared_sum")
            self.sum = self.add_variable(outputs, name="sum")
            self.total_mse = self.add_variable(outputs, name="residual")
            self.count = self.add_variable(outputs, name="count")
        weight = weights_beside(y_pred, 1 if sample_weight is None else sample_weight, self.dtype)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, y_true.shape)
        parts = y_true * weight, y_true * y_true * weight, np.square(y_true - y_pred) * weight, weight
        variables = self.sum, self.squared_sum, self.total_mse, self.count
        add_gathered(variables, [part.sum(axis=0) for part in parts])
        self.num_samples.assign_add(y_true.size)

    def result(self) -> Tensor:
        if self.sum is None:
            return as_result(0.0, self.dtype)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self.squared_sum.array - self.sum.array**2 / self.count.array
            scores = 1 - self.total_mse.array / total
        scores = np.where(np.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (total * scores).sum() / total.sum()
        return as_result(self._adjusted(scores), self.dtype)

    def _adjusted(self, scores: Any) -> Any:
        free = float(self.num_samples) - self.num_regressors - 1
        if self.num_regressors == 0:
            return scores
        if free <= 0:
            warnings.warn("too few samples for an adjusted R2 score: this is the plain one", stacklevel=3)
            return scores
        return 1 - (1 - scores) * (float(self.num_samples) - 1) / free

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}
