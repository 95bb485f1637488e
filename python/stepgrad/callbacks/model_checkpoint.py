"""ModelCheckpoint: saves the model while it trains."""

from __future__ import annotations

import os
import warnings
from typing import Any

from stepgrad.callbacks.callback import Logs
from stepgrad.callbacks.monitor_callback import MonitorCallback
from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.saving import archive


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after epochs or every few batches.

    Parameters
    ----------
    filepath : path
        May hold names to fill in: ``"{epoch:02d}-{val_loss:.2f}.stepgrad"``; the epoch counts from 1. Names that end in
        ".keras", or for the weights alone in ".weights.h5", are written for Keras.
    monitor : str
    verbose : {0, 1}
    save_best_only : bool
        Save only when the monitored metric has improved.
    save_weights_only : bool
    mode : {"auto", "min", "max"}
    save_freq : "epoch" or int
        An int counts batches.
    initial_value_threshold : float, optional
        What the first value must beat.

    Examples
    --------
    >>> keep_best = ModelCheckpoint("best.stepgrad", monitor="val_accuracy", save_best_only=True)
    """

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode, best=initial_value_threshold)
        check_save_freq(save_freq, "ModelCheckpoint")
        for_keras = save_weights_only and os.fspath(filepath).endswith(".weights.h5")
        self.filepath = os.fspath(filepath) if for_keras else archive.check_suffix(filepath, "write")
        self.verbose = verbose
        self.save_best_only, self.save_weights_only, self.save_freq = (
            save_best_only,
            save_weights_only,
            save_freq,
        )
        self._epoch = 0
        self._batches = 0  # since the last one that was saved

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not isinstance(self.save_freq, int):
            return
        self._batches += self.model.steps_per_execution
        if self._batches >= self.save_freq:
            self._batches = 0
            self._save(self._epoch, logs or {}, batch=batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: dict[str, Any], **batch: int) -> None:
        path = self._path({"epoch": epoch + 1, **batch, **logs})
        if self.save_best_only and not self._improved(epoch, logs, path):
            return
        if self.verbose and not self.save_best_only:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)

    def _improved(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"ModelCheckpoint watches '{self.monitor}', which is not there, and saves; there are: {', '.join(logs)}",
                stacklevel=2,
            )
            return True
        improved = self.is_improvement(current, self.best)
        if self.verbose:
            before = "None" if self.best is None else f"{self.best:.5f}"
            change = f"improved from {before} to {current:.5f}, saving model to {path}"
            print(
                f"\nEpoch {epoch + 1}: {self.monitor} "
                + (change if improved else f"did not improve from {before}")
            )
        if improved:
            self.best = current
        return improved

    def _path(self, values: dict[str, Any]) -> str:
        try:
            return self.filepath.format(**values)
        except KeyError as error:
            raise ArgumentError(
                f"the name '{self.filepath}' wants a value that this epoch does not have",
                op="ModelCheckpoint",
                got=f"{{{error.args[0]}}}",
                fix=did_you_mean(error.args[0], values),
            ) from error

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "_batches": self._batches}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def check_save_freq(save_freq: Any, who: str) -> None:
    """Refuse a frequency that is neither "epoch" nor a positive number of batches."""
    if save_freq != "epoch" and (
        isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1
    ):
        raise ArgumentError(
            "save_freq must be 'epoch' or a positive number of batches", op=who, got=repr(save_freq)
        )
