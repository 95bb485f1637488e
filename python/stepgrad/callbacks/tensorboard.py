"""TensorBoard: writes the metrics for the TensorBoard program."""

from __future__ import annotations

import os
from typing import Any

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.callbacks.model_checkpoint import check_save_freq
from stepgrad.errors import ArgumentError, require


class TensorBoard(Callback):
    """Write scalars into event files, training and validation in folders of their own, as Keras does.

    Parameters
    ----------
    log_dir : path
    update_freq : "epoch" or int
        An int also writes the running means every so many batches.

    histogram_freq, write_graph, write_images, write_steps_per_second, profile_batch, embeddings_freq, embeddings_metadata
        Kept for Keras programs: histograms, images, graphs and profiles are not written.

    Examples
    --------
    >>> board = TensorBoard("logs")
    """

    def __init__(
        self,
        log_dir: str | os.PathLike = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int | tuple[int, int] = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ):
        super().__init__()
        asked = {"histogram_freq": histogram_freq, "write_images": write_images, "profile_batch": profile_batch,
                 "write_steps_per_second": write_steps_per_second, "embeddings_freq": embeddings_freq}  # fmt: skip
        if any(asked.values()):
            raise ArgumentError(
                "this callback writes numbers only",
                got=", ".join(k for k, v in asked.items() if v),
                fix="leave these arguments out",
            )
        if update_freq != "batch":
            check_save_freq(update_freq, "TensorBoard")
        self.log_dir, self.update_freq = os.fspath(log_dir), 1 if update_freq == "batch" else update_freq
        self._writers: dict[str, Any] = {}
        self._step = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._step = 0
        require("tensorboard", "tensorboard", "the TensorBoard callback")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._step += 1
        if isinstance(self.update_freq, int) and self._step % self.update_freq == 0:
            for name, value in (logs or {}).items():
                self._write("train", f"batch_{name}", value, self._step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for name, value in (logs or {}).items():
            if name.startswith("val_"):
                self._write("validation", f"epoch_{name[4:]}", value, epoch)
            else:
                self._write("train", f"epoch_{name}", value, epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def get_state(self) -> dict[str, Any]:
        return {"_step": self._step}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    def _write(self, folder: str, tag: str, value: float, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        if folder not in self._writers:
            self._writers[folder] = EventFileWriter(os.path.join(self.log_dir, folder))
        self._writers[folder].add_event(
            _event(Summary(value=[Summary.Value(tag=tag, simple_value=value)]), step)
        )


def _event(summary: Any, step: int) -> Any:
    import time

    from tensorboard.compat.proto.event_pb2 import Event

    return Event(wall_time=time.time(), step=step, summary=summary)
