"""EarlyStopping: stops when a metric no longer improves."""

from __future__ import annotations

import warnings
from typing import Any

from stepgrad.callbacks.callback import Logs
from stepgrad.callbacks.monitor_callback import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stop training when the monitored metric has not improved for some epochs.

    Parameters
    ----------
    monitor : str
    min_delta : float
        A smaller change is no improvement.
    patience : int
        Epochs to wait for an improvement.
    verbose : {0, 1}
    mode : {"auto", "min", "max"}
    baseline : float, optional
        The wait starts anew only for values that also beat this one.
    restore_best_weights : bool
        Go back to the weights of the best epoch at the end.
    start_from_epoch : int
        Epochs before this one do not count.

    Examples
    --------
    >>> stop = EarlyStopping("val_accuracy", patience=3, restore_best_weights=True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None
        self.best_weights: list | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        first = self.restore_best_weights and self.best_weights is None
        better = self.is_improvement(current, self.best)
        if better or first:
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
        if better:
            self.best = current
            if self.baseline is None or self.is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs) -> float | None:
        """Return the monitored value of this epoch, None (with a warning) where there is none."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"EarlyStopping watches '{self.monitor}', which is not there; there are: {', '.join(logs or {})}",
                stacklevel=2,
            )
        return value

    def get_state(self) -> dict[str, Any]:
        names = ("wait", "stopped_epoch", "best_epoch", "best", "best_weights")
        return {name: getattr(self, name) for name in names}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
