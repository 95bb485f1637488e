"""ReduceLROnPlateau: a smaller learning rate when a metric no longer improves."""

from __future__ import annotations

import warnings
from typing import Any

from stepgrad.callbacks.callback import Logs
from stepgrad.callbacks.monitor_callback import MonitorCallback
from stepgrad.errors import ArgumentError


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` when the metric has not improved for some epochs.

    Parameters
    ----------
    monitor : str
    factor : float below 1
    patience : int
        Epochs to wait for an improvement.
    verbose : {0, 1}
    mode : {"auto", "min", "max"}
    min_delta : float
        A smaller change is no improvement.
    cooldown : int
        Epochs after a reduction in which no waiting is counted.
    min_lr : float

    Examples
    --------
    >>> reduce = ReduceLROnPlateau("val_loss", factor=0.2, patience=5, min_lr=1e-4)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1:
            raise ArgumentError("ReduceLROnPlateau needs a factor below 1", got=f"factor={factor}")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self.best = None
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"ReduceLROnPlateau watches '{self.monitor}', which is not there; there are: {', '.join(logs)}",
                stacklevel=2,
            )
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = float(self.model.optimizer.learning_rate)
        if old <= self.min_lr:
            return
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        self.cooldown_counter, self.wait = self.cooldown, 0
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
