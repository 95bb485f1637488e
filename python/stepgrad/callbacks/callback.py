"""Callback: the hooks that fit, evaluate and predict call."""

from __future__ import annotations

from typing import Any

Logs = dict[str, float] | None


class Callback:
    """Something that runs at fixed moments of training. Override the hooks that you need.

    Attributes
    ----------
    model : Model
        Set before the first hook.
    params : dict
        ``verbose``, ``epochs`` and ``steps`` (None where it is not known).

    Examples
    --------
    >>> class Stop(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         if logs["loss"] < 0.1:
    ...             self.model.stop_training = True
    """

    runs_last = False  # after all others, for a callback that records what the others did

    def __init__(self):
        self.model: Any = None
        self.params: dict[str, Any] = {}
        self.validation_data = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the run's parameters."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self.model = model

    def get_state(self) -> dict[str, Any]:
        """Return what `BackupAndRestore` must keep for a run that goes on: JSON values and lists of NumPy arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` returned."""

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Old name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Run at the start of an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Run at the end of an epoch, after validation; `logs` holds all metrics."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a training batch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a training batch; `logs` holds the means since the epoch began."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of evaluate, also of the validation in fit."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of evaluate."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Run before a batch of predict."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Run after a batch of predict; ``logs["outputs"]`` is what the model gave."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Run when fit begins, with the model built."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Run when fit ends; `logs` are those of the last epoch."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Run when evaluate begins."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Run when evaluate ends."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Run when predict begins."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Run when predict ends."""
