"""BackupAndRestore: a killed run goes on from its last checkpoint, to the same numbers."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from stepgrad import random
from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.callbacks.model_checkpoint import check_save_freq
from stepgrad.errors import ArgumentError, DataError
from stepgrad.saving import archive, state

_NAME = "backup.stepgrad"


class BackupAndRestore(Callback):
    """Keep a checkpoint of the whole training, and go on from it when `fit` is called again.

    The checkpoint holds the weights, the optimizer's state, the epoch (and batch), the order of the data, the random
    generators, the history and the state of the other callbacks. A run that was killed and started again with the same
    program ends with the same weights, bit for bit, as one that was not.

    Parameters
    ----------
    backup_dir : path
        A folder for this run alone.
    save_freq : "epoch" or int
        An int counts batches.
    double_checkpoint : bool
        Taken for Keras programs; a file is replaced only by a whole one, so that a second copy is not needed.
    delete_checkpoint : bool
        Remove the checkpoint when training has finished.

    Notes
    -----
    Batches skipped on the way to the middle of an epoch are drawn again from the data, so a generator must give the same
    batches as before.

    Examples
    --------
    >>> backup = BackupAndRestore("backup")  # model.fit(..., callbacks=[backup])
    """

    runs_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ):
        super().__init__()
        check_save_freq(save_freq, "BackupAndRestore")
        if not os.fspath(backup_dir):
            raise ArgumentError("backup_dir is empty", op="BackupAndRestore")
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._epoch = 0
        self._last_saved_batch = 0
        self._mid_epoch: tuple[dict[str, bytes], dict] | None = (
            None  # members and default generator of a resumed epoch
        )

    @property
    def path(self) -> str:
        """The checkpoint file."""
        return os.path.join(self.backup_dir, _NAME)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._mid_epoch = None
        if os.path.exists(self.path):
            self._restore()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._last_saved_batch = epoch, 0
        if self._mid_epoch is not None:
            # the other callbacks, a LearningRateScheduler say, have just begun this epoch a second time
            members, generator = self._mid_epoch
            state.load_optimizer_into(self.model, members, self.path)
            random.set_state(generator)
            self._last_saved_batch = self.model._resume_at[1]
            self._mid_epoch = None

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if isinstance(self.save_freq, int) and batch + 1 - self._last_saved_batch >= self.save_freq:
            self._last_saved_batch = batch + 1
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint and os.path.exists(self.path):
            os.unlink(self.path)
            if not os.listdir(self.backup_dir):
                os.rmdir(self.backup_dir)

    def _others(self) -> list[Callback]:
        return [callback for callback in self.model._training_callbacks.callbacks if callback is not self]

    def _save(self, epoch: int, batch: int) -> None:
        arrays: dict[str, np.ndarray] = {}
        weights, names = state.weight_members(self.model)
        progress = {
            "epoch": epoch,
            "batch": batch,
            "stopped": bool(self.model.stop_training),
            "data": self.model._training_data.get_state(),
            "generators": state.generator_states(self.model),
            "default_generator": random.get_state(),
            "metrics": _pack(
                [[v.numpy() for v in m.variables] for m in self.model.metrics] if batch else [], arrays
            ),
            "callbacks": [[type(c).__name__, _pack(c.get_state(), arrays)] for c in self._others()],
        }
        os.makedirs(self.backup_dir, exist_ok=True)
        members = {
            "metadata.json": archive.to_json(
                {"format": "stepgrad", "format_version": archive.FORMAT_VERSION, "weights": names}
            ),
            "progress.json": archive.to_json(progress),
            "progress.safetensors": archive.to_safetensors(arrays),
        }
        archive.write_archive(self.path, {**members, **weights, **state.optimizer_members(self.model)})

    def _restore(self) -> None:
        members = archive.read_archive(self.path)
        metadata = archive.read_json(members, "metadata.json", self.path)
        archive.check_version(metadata, self.path)
        progress = archive.read_json(members, "progress.json", self.path)
        arrays = archive.from_safetensors(members, "progress.safetensors", self.path)
        state.load_weights_into(self.model, members, metadata["weights"], self.path)
        state.load_optimizer_into(self.model, members, self.path)
        state.set_generator_states(self.model, progress["generators"])
        self.model._training_data.set_state(progress["data"])
        random.set_state(progress["default_generator"])
        self._restore_callbacks(progress["callbacks"], arrays)
        epoch, batch = progress["epoch"], progress["batch"]
        if progress["stopped"]:
            epoch, batch = self.params["epochs"], 0
        if batch:
            self._restore_metrics(_unpack(progress["metrics"], arrays))
            self._mid_epoch = (members, progress["default_generator"])
        self.model._resume_at = (epoch, batch)

    def _restore_callbacks(self, saved: list, arrays: dict[str, np.ndarray]) -> None:
        others = self._others()
        if [name for name, _ in saved] != [type(callback).__name__ for callback in others]:
            warnings.warn(
                "the run goes on with other callbacks than it was started with: "
                f"{', '.join(name for name, _ in saved)} before; only those that still match take their state over",
                stacklevel=4,
            )
        for callback in others:
            match = next((entry for entry in saved if entry[0] == type(callback).__name__), None)
            if match is not None:
                saved.remove(match)
                callback.set_state(_unpack(match[1], arrays))

    def _restore_metrics(self, values: list) -> None:
        metrics = self.model.metrics
        if [len(v) for v in values] != [len(m.variables) for m in metrics]:
            raise DataError(
                "the backup was made with other metrics", got=self.path, fix="delete it, or compile as before"
            )
        for metric, arrays in zip(metrics, values, strict=True):
            for variable, array in zip(metric.variables, arrays, strict=True):
                variable.assign(array)


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return a JSON value in which every array is a reference into `arrays`."""
    if isinstance(value, np.ndarray):
        name = str(len(arrays))
        arrays[name] = value
        return {"__array__": name}
    if isinstance(value, dict):
        return {key: _pack(part, arrays) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(part, arrays) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _unpack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"__array__"}:
            return arrays[value["__array__"]]
        return {key: _unpack(part, arrays) for key, part in value.items()}
    return [_unpack(part, arrays) for part in value] if isinstance(value, list) else value
