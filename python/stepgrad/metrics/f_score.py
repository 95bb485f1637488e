"""F scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.metrics.accuracy import same_shape
from stepgrad.metrics.metric import METRICS, Metric, add_gathered, as_result, weights_beside
from stepgrad.tape import Tensor


@METRICS.register
class FBetaScore(Metric):
    r""":math:`(1 + \beta^2) \frac{precision \cdot recall}{\beta^2 precision + recall}` of one-hot labels.

    Parameters
    ----------
    average : {None, "micro", "macro", "weighted"}
        None: one score a class; micro: over all counts together; macro: their mean; weighted: by how often classes occur.
    beta : float
        How much more recall counts than precision.
    threshold : float, optional
        Above it is positive; left out, the highest of each row is.
    name, dtype : str, optional

    Examples
    --------
    >>> metric = FBetaScore(beta=2.0, threshold=0.5, average="micro")
    >>> round(metric([[1, 1, 1], [1, 0, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: str | None = None,
    ):
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ArgumentError(
                f"there is no average {average!r}", expected="None, 'micro', 'macro' or 'weighted'"
            )
        if not beta > 0:
            raise ArgumentError("beta must be positive", got=str(beta))
        if threshold is not None and not 0 < threshold <= 1:
            raise ArgumentError("threshold must lie in (0, 1]", got=str(threshold))
        self.average, self.beta, self.threshold = average, float(beta), threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = (a.astype(self.dtype, copy=False) for a in same_shape(self.name, y_true, y_pred))
        if y_pred.ndim != 2:
            raise ShapeError(
                "an F score needs two axes", op=self.name, expected="(batch, classes)", got=str(y_pred.shape)
            )
        if not self._variables:
            shape = () if self.average == "micro" else (y_pred.shape[1],)
            for what in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
                self.add_variable(shape, name=what)
        if self.threshold is None:
            positive = (y_pred >= y_pred.max(axis=-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            positive = y_pred > self.threshold
        weight = 1
        if sample_weight is not None:
            weight = weights_beside(y_pred, sample_weight, self.dtype)[:, None]
        axis = None if self.average == "micro" else 0
        parts = (positive * y_true, positive * (1 - y_true), (1 - positive) * y_true, y_true)
        add_gathered(self._variables, [(part * weight).sum(axis=axis) for part in parts])

    def result(self) -> Tensor:
        if not self._variables:
            return as_result(0.0, self.dtype)
        tp, fp, fn, support = (v.array for v in self._variables)
        tiny = config.epsilon()
        precision, recall = tp / (tp + fp + tiny), tp / (tp + fn + tiny)
        square = self.beta**2
        score = (1 + square) * precision * recall / (square * precision + recall + tiny)
        if self.average == "weighted":
            score = (score * support / (support.sum() + tiny)).sum()
        elif self.average is not None:
            score = score.mean()
        return as_result(score, self.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


@METRICS.register
class F1Score(FBetaScore):
    """Harmonic mean of precision and recall. Parameters as in `FBetaScore`.

    Examples
    --------
    >>> F1Score(average="macro")([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]).item() > 0.999
    True
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: str | None = None,
    ):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
