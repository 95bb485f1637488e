"""TerminateOnNaN: stops when the loss is no number any more."""

from __future__ import annotations

import math

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.errors import StepgradError


class TerminateOnNaN(Callback):
    """Stop training at the first batch whose loss is NaN or infinite.

    Parameters
    ----------
    raise_error : bool
        Raise an error instead of only stopping.
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            if self.raise_error:
                raise StepgradError(
                    f"the loss is {loss} at batch {batch}",
                    fix="a smaller learning rate, clipnorm=1.0, or stepgrad.find_nan to see where it begins",
                )
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
