"""ProgbarLogger: prints the progress of fit, evaluate and predict."""

from __future__ import annotations

from typing import Any

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.utils.progress import Progbar


class ProgbarLogger(Callback):
    """Print a progress bar for each epoch; fit, evaluate and predict add one unless ``verbose=0``."""

    def __init__(self):
        super().__init__()
        self._bar: Progbar | None = None
        self._seen = 0
        self._target: int | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self._verbose = 1 if verbose == "auto" else int(verbose)
        self._epochs = params.get("epochs", 1)
        self._target = params.get("steps")

    def on_train_begin(self, logs: Logs = None) -> None:
        self._in_fit = True  # the validation inside fit is silent

    def on_train_end(self, logs: Logs = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self._verbose and self._epochs > 1:
            print(f"Epoch {epoch + 1}/{self._epochs}", flush=True)
        self._begin()

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._update(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._in_fit:
            self._update(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._update(batch, None)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish(logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._finish(None)

    def _begin(self) -> None:
        self._seen = 0
        self._bar = Progbar(self._target, verbose=self._verbose)

    def _update(self, batch: int, logs: Logs) -> None:
        self._seen = batch + 1
        if self._bar is not None:
            self._bar.update(self._seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs: Logs) -> None:
        if self._bar is not None:
            if self._target is None:  # now it is known, also for the next epoch
                self._target = self._bar.target = self._seen
            self._bar.update(self._seen, (logs or {}).items(), finalize=True)
