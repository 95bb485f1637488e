"""History: what fit returns."""

from __future__ import annotations

from typing import Any

from stepgrad.callbacks.callback import Callback, Logs


class History(Callback):
    """Keep the metrics of every epoch.

    Attributes
    ----------
    epoch : list of int
    history : dict of str to list of float
        ``history["val_loss"][i]`` belongs to ``epoch[i]``.
    """

    def __init__(self):
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def get_state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "history": self.history}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.history = state["epoch"], state["history"]
