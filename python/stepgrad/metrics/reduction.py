"""Sum, Mean, and the mean of any function of labels and predictions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.device_arrays import to_host
from stepgrad.losses.loss import apply_mask, convert, spread, squeeze_or_expand_to_same_rank
from stepgrad.metrics.metric import METRICS, Metric, as_it_lies, as_result, put, weights_beside
from stepgrad.tape import Tensor, no_grad, silent
from stepgrad.utils.serialization import serialize_object


def samplewise(
    values: Any, sample_weight: Any, reduce: Callable, dtype: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reduce values to one a sample, weighted, and return them with the weights."""
    values = as_it_lies(values)
    if not values.ndim:
        values = to_host(values)  # a loss: one number, which is shown
    values = values.astype(dtype, copy=False)
    weight = None
    if sample_weight is not None:
        weight = weights_beside(values, sample_weight, dtype)
        if values.ndim or weight.ndim:  # two numbers, a loss and its batch's size, have no shapes to match
            values, weight = squeeze_or_expand_to_same_rank(values, weight)
            if values.ndim > weight.ndim:
                values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
            weight = np.broadcast_to(spread(weight, values.shape), values.shape)
        values = values * weight
        if weight.ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, weight


def _add(variable: Any, number: Any) -> None:
    put(variable, variable.array + variable._fitting(number))


def _sum(values: Any) -> Any:
    return values.sum() if values.ndim else values  # for a number NumPy needs a microsecond, too


@METRICS.register
class Sum(Metric):
    """Sum of everything it is given.

    Examples
    --------
    >>> total = Sum()
    >>> total.update_state([1.0, 2.0])
    >>> total([3.0]).item()
    6.0
    """

    def __init__(self, name: str = "sum", dtype: str | None = None):
        super().__init__(dtype, name)
        self.total = self.add_variable((), name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = samplewise(values, sample_weight, np.sum, self.dtype)
        self.total.assign_add(values.sum())

    def result(self) -> Tensor:
        return as_result(self.total, self.dtype)


@METRICS.register
class Mean(Metric):
    """Weighted mean of everything it is given.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.update_state([1.0, 2.0])
    >>> mean([6.0]).item()
    3.0
    """

    def __init__(self, name: str = "mean", dtype: str | None = None):
        super().__init__(dtype, name)
        self.total = self.add_variable((), name="total")
        self.count = self.add_variable((), name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = samplewise(values, sample_weight, np.mean, self.dtype)
        _add(self.total, _sum(values))
        _add(self.count, _sum(weight) if weight is not None else len(values) if values.ndim else 1)

    def result(self) -> Tensor:
        total, count = self.total.array, self.count.array
        return as_result(total / count if count else 0.0, self.dtype)


@METRICS.register
class MeanMetricWrapper(Mean):
    """Mean of ``fn(y_true, y_pred, **kwargs)``, which returns one value a sample.

    Examples
    --------
    >>> from stepgrad import losses
    >>> metric = MeanMetricWrapper(losses.mean_absolute_error)
    >>> metric([[0.0], [0.0]], [[1.0], [3.0]]).item()
    2.0
    """

    def __init__(self, fn: Callable, name: str | None = None, dtype: str | None = None, **kwargs: Any):
        super().__init__(name or str(getattr(fn, "__name__", "mean_metric_wrapper")), dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        sample_weight = apply_mask(sample_weight, mask, "sum")
        with no_grad(), silent():
            values = self._fn(convert(y_true), convert(y_pred), **self._fn_kwargs)
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        own = {"fn": serialize_object(self._fn)} if type(self) is MeanMetricWrapper else {}
        return {**super().get_config(), **own, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        if "fn" in config:
            fn: Any = METRICS.deserialize(config["fn"])
            if inspect.isclass(
                fn
            ):  # a function of this package has the name of its metric, and names find classes first
                metric: Any = fn()
                fn = metric._fn
            config = {**config, "fn": fn}
        return cls(**config)
