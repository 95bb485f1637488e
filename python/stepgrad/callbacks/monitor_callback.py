"""MonitorCallback: what callbacks that watch one metric have in common."""

from __future__ import annotations

from stepgrad.callbacks.callback import Callback
from stepgrad.errors import ArgumentError

_FALLS = ("loss", "error", "mse", "mae", "mape", "msle", "entropy", "divergence", "hinge", "perplexity")
_RISES = (
    "acc",
    "auc",
    "precision",
    "recall",
    "f1",
    "fbeta",
    "iou",
    "r2",
    "true_positives",
    "true_negatives",
    "similarity",
)


class MonitorCallback(Callback):
    """Know whether a metric has become better.

    Parameters
    ----------
    monitor : str
        A name in the epoch's logs: "val_loss", "accuracy".
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" tells by the metric.
    best : float, optional
        What the first value must beat.
    min_delta : float
        A smaller change is no improvement.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", best: float | None = None, min_delta: float = 0.0
    ):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ArgumentError("mode must be 'auto', 'min' or 'max'", op=type(self).__name__, got=repr(mode))
        self.monitor, self.mode, self.best, self.min_delta = monitor, mode, best, abs(min_delta)

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Tell whether `value` is better than `reference` by more than ``min_delta``."""
        if reference is None:
            return True
        if self._rises():
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _rises(self) -> bool:
        if self.mode == "auto":
            self.mode = self._tell_mode()
        return self.mode == "max"

    def _tell_mode(self) -> str:
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", ()):
            direction = getattr(metric, "_direction", None)
            if metric.name == name and direction is not None:
                return "max" if direction == "up" else "min"
        for mode, words in (("min", _FALLS), ("max", _RISES)):
            if any(word in name for word in words):
                return mode
        raise ArgumentError(
            f"whether '{self.monitor}' should rise or fall cannot be told from its name",
            op=type(self).__name__,
            fix="pass mode='max' or mode='min'",
        )
