"""What a classifier gives when its threshold moves: the area under a curve, and single points on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.metrics.counts import Counts, Thresholds, count
from stepgrad.metrics.metric import METRICS, Metric, as_it_lies, as_result, divide_no_nan
from stepgrad.tape import Tensor

_HEIGHTS: dict[str, Callable] = {
    "interpolation": lambda a, b: (a + b) / 2,
    "minoring": np.minimum,
    "majoring": np.maximum,
}


class _CurveMetric(Metric):
    """Keeps all four counts at all thresholds."""

    thresholds: list[float]

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        self._thresholds = Thresholds(self.thresholds)
        self._counts = [self.add_variable(shape, name=what) for what in Counts._fields]

    def _add(self, counts: Counts) -> None:
        for variable, more in zip(self._counts, counts, strict=True):
            variable.assign_add(more)

    def _now(self) -> Counts:
        return Counts(*(v.array.astype(np.float64) for v in self._counts))


@METRICS.register
class AUC(_CurveMetric):
    """Area under the ROC curve, or under the precision-recall curve.

    Parameters
    ----------
    num_thresholds : int
        More are more exact.
    curve : {"ROC", "PR"}
    summation_method : {"interpolation", "minoring", "majoring"}
        "interpolation" takes trapezoids for ROC, and for PR the formula of Davis and Goadrich (2006), because the
        precision is not linear between two points; the others take the lower or the upper sums.
    name, dtype : str, optional
    thresholds : list of float, optional
        In place of num_thresholds.
    multi_label : bool
        One area for each column, then their mean.
    num_labels : int, optional
        Number of columns, when multi_label.
    label_weights : list of float, optional
    from_logits : bool
        The predictions did not go through a sigmoid.

    Examples
    --------
    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]).item()
    0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ):
        super().__init__(dtype, name)
        if curve.upper() not in ("ROC", "PR"):
            raise ArgumentError(f"AUC has no curve {curve!r}", fix=did_you_mean(curve, ("ROC", "PR")))
        if summation_method.lower() not in _HEIGHTS:
            raise ArgumentError(
                f"AUC cannot sum by {summation_method!r}", fix=did_you_mean(summation_method, _HEIGHTS)
            )
        if thresholds is None and num_thresholds < 2:
            raise ArgumentError("AUC needs at least 2 thresholds", got=str(num_thresholds))
        inner = [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]
        inner = inner if thresholds is None else sorted(float(t) for t in thresholds)
        self._given = thresholds
        self.thresholds = [-config.epsilon(), *inner, 1 + config.epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.curve, self.summation_method = curve.upper(), summation_method.lower()
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights = label_weights
        self.from_logits = from_logits
        if not multi_label:
            self._add_counts((self.num_thresholds,))
        elif num_labels:
            self._add_counts((self.num_thresholds, num_labels))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = as_it_lies(y_pred).astype(np.float32, copy=False)
        if self.from_logits:
            y_pred = 0.5 * (1 + np.tanh(0.5 * y_pred))  # the sigmoid, without overflow
        if self.multi_label and y_pred.ndim != 2:
            raise ShapeError(
                "multi_label needs two axes", op=self.name, expected="(batch, labels)", got=str(y_pred.shape)
            )
        if not self._variables:
            self._add_counts((self.num_thresholds, y_pred.shape[1]))
        self._add(
            count(
                y_true,
                y_pred,
                self._thresholds,
                sample_weight=sample_weight,
                multi_label=self.multi_label,
                label_weights=None if self.multi_label else self.label_weights,
                name=self.name,
            )
        )

    def result(self) -> Tensor:
        if not self._variables:
            return as_result(0.0, self.dtype)
        tp, fp, tn, fn = self._now()
        if self.curve == "PR" and self.summation_method == "interpolation":
            area = _interpolated_pr(tp, fp, fn).sum(axis=0)
        else:
            x = divide_no_nan(fp, fp + tn) if self.curve == "ROC" else divide_no_nan(tp, tp + fn)
            y = divide_no_nan(tp, tp + fn) if self.curve == "ROC" else divide_no_nan(tp, tp + fp)
            area = ((x[:-1] - x[1:]) * _HEIGHTS[self.summation_method](y[:-1], y[1:])).sum(axis=0)
        if self.multi_label:
            area = np.average(area, weights=self.label_weights)
        return as_result(area, self.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else list(self.label_weights),
            "from_logits": self.from_logits,
        }
        if self._given is not None:
            own["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **own}


def _interpolated_pr(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    r"""Return the area under the precision-recall curve between neighbouring thresholds.

    True positives TP and predicted positives P move linearly between two thresholds, so with the slope s = dTP/dP and
    c = TP - s P the area is (s / all positives) (dTP + c ln(P_a / P_b)).
    Source: J. Davis and M. Goadrich, The Relationship Between Precision-Recall and ROC Curves, 2006, section 4.
    """
    predicted = tp + fp
    d_tp, d_predicted = tp[:-1] - tp[1:], predicted[:-1] - predicted[1:]
    slope = divide_no_nan(d_tp, np.maximum(d_predicted, 0))
    intercept = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = np.where(both, divide_no_nan(predicted[:-1], predicted[1:]), 1.0)
    return divide_no_nan(slope * (d_tp + intercept * np.log(ratio)), tp[1:] + fn[1:])


class _BestUnderConstraint(_CurveMetric):
    """The best of one rate where another is at least `value`."""

    argument = ""

    def __init__(
        self,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: str | None,
    ):
        super().__init__(dtype, name)
        if not 0 <= value <= 1:
            raise ArgumentError(f"{self.argument} must lie in [0, 1]", op=type(self).__name__, got=str(value))
        if num_thresholds < 1:
            raise ArgumentError(
                "num_thresholds must be positive", op=type(self).__name__, got=str(num_thresholds)
            )
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        last = num_thresholds - 1
        self.thresholds = [i / last for i in range(num_thresholds)] if last else [0.5]
        self._add_counts((num_thresholds,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._add(
            count(
                y_true,
                y_pred,
                self._thresholds,
                class_id=self.class_id,
                sample_weight=sample_weight,
                name=self.name,
            )
        )

    def _rates(self, c: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Return (the rate that is bounded, the rate that is wanted)."""
        raise NotImplementedError

    def result(self) -> Tensor:
        bounded, wanted = self._rates(self._now())
        return as_result(np.max(np.where(bounded >= self.value, wanted, 0.0), initial=0.0), self.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {self.argument: self.value, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}


def _sensitivity(c: Counts) -> np.ndarray:
    return divide_no_nan(c.true_positives, c.true_positives + c.false_negatives)


def _specificity(c: Counts) -> np.ndarray:
    return divide_no_nan(c.true_negatives, c.true_negatives + c.false_positives)


def _precision(c: Counts) -> np.ndarray:
    return divide_no_nan(c.true_positives, c.true_positives + c.false_positives)


@METRICS.register
class SensitivityAtSpecificity(_BestUnderConstraint):
    """The best sensitivity (recall) where the specificity is at least this.

    Examples
    --------
    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]).item()
    0.5
    """

    argument = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def _rates(self, c: Counts) -> tuple[np.ndarray, np.ndarray]:
        return _specificity(c), _sensitivity(c)


@METRICS.register
class SpecificityAtSensitivity(_BestUnderConstraint):
    """The best specificity where the sensitivity is at least this."""

    argument = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def _rates(self, c: Counts) -> tuple[np.ndarray, np.ndarray]:
        return _sensitivity(c), _specificity(c)


@METRICS.register
class PrecisionAtRecall(_BestUnderConstraint):
    """The best precision where the recall is at least this."""

    argument = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def _rates(self, c: Counts) -> tuple[np.ndarray, np.ndarray]:
        return _sensitivity(c), _precision(c)


@METRICS.register
class RecallAtPrecision(_BestUnderConstraint):
    """The best recall where the precision is at least this."""

    argument = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def _rates(self, c: Counts) -> tuple[np.ndarray, np.ndarray]:
        return _precision(c), _sensitivity(c)
