"""Counts of right and wrong, precision and recall."""

from __future__ import annotations

from typing import Any

from stepgrad.metrics.counts import LOWEST, Thresholds, count, parse_thresholds
from stepgrad.metrics.metric import METRICS, Metric, as_result, divide_no_nan
from stepgrad.tape import Tensor, Variable


class ThresholdMetric(Metric):
    """Gathers some of the four counts at some thresholds."""

    gathers: tuple[str, ...] = ()

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = parse_thresholds(thresholds, 0.5 if top_k is None else LOWEST)
        self._thresholds = Thresholds(self.thresholds)
        self._counts: dict[str, Variable] = {
            what: self.add_variable((len(self.thresholds),), name=what) for what in self.gathers
        }

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        counts = count(
            y_true, y_pred, self._thresholds, self.top_k, self.class_id, sample_weight, name=self.name
        )
        for what, variable in self._counts.items():
            variable.assign_add(getattr(counts, what))

    def __getattr__(self, name: str) -> Any:
        counts = vars(self).get("_counts", {})
        if name in counts:
            return counts[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def _result(self, values: Any) -> Tensor:
        """One number for one threshold, else an array."""
        return as_result(values[0] if len(self.thresholds) == 1 else values, self.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


@METRICS.register
class Precision(ThresholdMetric):
    """Of those that were called positive, the part that is: TP / (TP + FP).

    Parameters
    ----------
    thresholds : float or list of float, optional
        A prediction above it is positive; 0.5 if left out. A list gives a list of results.
    top_k : int, optional
        Only the k highest predictions of each row are positive, whatever their value.
    class_id : int, optional
        Look at one class only.
    name, dtype : str, optional

    Examples
    --------
    >>> Precision()([0, 1, 1, 1], [1, 0, 1, 1]).item()
    0.6666666865348816
    """

    gathers = ("true_positives", "false_positives")

    def result(self) -> Tensor:
        tp, fp = self.true_positives.array, self.false_positives.array
        return self._result(divide_no_nan(tp, tp + fp))


@METRICS.register
class Recall(ThresholdMetric):
    """Of those that are positive, the part that was found: TP / (TP + FN). Parameters as in `Precision`.

    Examples
    --------
    >>> Recall()([0, 1, 1, 1], [1, 0, 1, 1]).item()
    0.6666666865348816
    """

    gathers = ("true_positives", "false_negatives")

    def result(self) -> Tensor:
        tp, fn = self.true_positives.array, self.false_negatives.array
        return self._result(divide_no_nan(tp, tp + fn))


class _Count(ThresholdMetric):
    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None):
        super().__init__(thresholds, name=name, dtype=dtype)

    def result(self) -> Tensor:
        return self._result(self._variables[0].array)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "thresholds": self.init_thresholds}


@METRICS.register
class TruePositives(_Count):
    """How many positives were called positive.

    Examples
    --------
    >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]).item()
    2.0
    """

    gathers = ("true_positives",)


@METRICS.register
class FalsePositives(_Count):
    """How many negatives were called positive."""

    gathers = ("false_positives",)


@METRICS.register
class TrueNegatives(_Count):
    """How many negatives were called negative."""

    gathers = ("true_negatives",)


@METRICS.register
class FalseNegatives(_Count):
    """How many positives were called negative."""

    gathers = ("false_negatives",)
