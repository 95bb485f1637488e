"""CSVLogger: one line an epoch in a CSV file."""

from __future__ import annotations

import csv
import os
from typing import Any

import numpy as np

from stepgrad.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Write the metrics of every epoch to a CSV file, flushed after each line.

    Parameters
    ----------
    filename : path
    separator : str
    append : bool
        Go on below what the file holds, under its own header.

    Examples
    --------
    >>> log = CSVLogger("training.csv", append=True)
    """

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False):
        super().__init__()
        self.filename, self.separator, self.append = os.fspath(filename), separator, append
        self._keys: list[str] | None = None
        self._lines: int | None = None  # of a run that goes on: how many lines it had written
        self._file: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._keys = self._file = self._lines = None

    def _open(self, logs: dict[str, Any]) -> None:
        kept: list[list[str]] = []
        if (self.append or self._lines is not None) and os.path.exists(self.filename):
            with open(self.filename, newline="", encoding="utf-8") as file:
                kept = list(csv.reader(file, delimiter=self.separator))[: self._lines]
        header = kept[0][1:] if kept else None
        self._keys = header or sorted(logs) + sorted(
            f"val_{k}" for k in logs if self._validates_later(k, logs)
        )
        rewrite = not kept or self._lines is not None  # drop what a killed run wrote after its last backup
        self._file = open(self.filename, "w" if rewrite else "a", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = csv.writer(self._file, delimiter=self.separator, lineterminator="\n")
        if rewrite:
            self._writer.writerows(kept or [["epoch", *self._keys]])

    def _validates_later(self, key: str, logs: dict[str, Any]) -> bool:
        """With ``validation_freq`` the first epoch may hold no validation; its columns must be there all the same."""
        later = self.params.get("validates", False) and not any(k.startswith("val_") for k in logs)
        return later and key != "learning_rate"

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if self._file is None:
            self._open(logs)
        self._writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self._keys or ())])
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def get_state(self) -> dict[str, Any]:
        if self._file is None:
            return {}
        with open(self.filename, encoding="utf-8") as file:
            return {"lines": sum(1 for _ in file)}

    def set_state(self, state: dict[str, Any]) -> None:
        self._lines = state.get("lines")


def _cell(value: Any) -> Any:
    return np.asarray(value).tolist() if not isinstance(value, str) else value
