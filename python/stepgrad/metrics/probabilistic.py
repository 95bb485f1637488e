"""Metrics for probabilities, and hinges: the losses of the same names, averaged over all samples."""

from __future__ import annotations

from typing import Any

from stepgrad import losses
from stepgrad.losses.loss import apply_mask
from stepgrad.metrics.metric import METRICS, as_it_lies, to_numpy
from stepgrad.metrics.reduction import MeanMetricWrapper


@METRICS.register("bce", "BCE")
class BinaryCrossentropy(MeanMetricWrapper):
    """Mean crossentropy of yes-or-no answers."""

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ):
        super().__init__(
            losses.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


@METRICS.register
class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean crossentropy for one-hot labels."""

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ):
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **settings)


@METRICS.register
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean crossentropy for labels that are class numbers.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]).item(), 4)
    0.6931
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ):
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **settings)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        ignore = self._fn_kwargs["ignore_class"]
        if (
            ignore is not None and sample_weight is not None
        ):  # as Keras does: without weights, ignored samples count as 0
            labels = to_numpy(y_true)
            labels = labels[..., 0] if labels.ndim == as_it_lies(y_pred).ndim else labels
            sample_weight = apply_mask(sample_weight, labels != ignore, "sum")
        super().update_state(y_true, y_pred, sample_weight)


@METRICS.register("kld", "KLD")
class KLDivergence(MeanMetricWrapper):
    """Mean Kullback-Leibler divergence."""

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None):
        super().__init__(losses.kl_divergence, name, dtype)


@METRICS.register
class Poisson(MeanMetricWrapper):
    """Mean of the loss for counts."""

    def __init__(self, name: str = "poisson", dtype: str | None = None):
        super().__init__(losses.poisson, name, dtype)


@METRICS.register
class Hinge(MeanMetricWrapper):
    """Mean hinge loss."""

    def __init__(self, name: str = "hinge", dtype: str | None = None):
        super().__init__(losses.hinge, name, dtype)


@METRICS.register
class SquaredHinge(MeanMetricWrapper):
    """Mean squared hinge loss."""

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None):
        super().__init__(losses.squared_hinge, name, dtype)


@METRICS.register
class CategoricalHinge(MeanMetricWrapper):
    """Mean hinge loss for several classes."""

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None):
        super().__init__(losses.categorical_hinge, name, dtype)
