"""LearningRateScheduler: a learning rate for each epoch."""

from __future__ import annotations

from collections.abc import Callable

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.errors import DTypeError


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of every epoch.

    Parameters
    ----------
    schedule : callable
        From the epoch (counted from 0) and the present learning rate to the new one.
    verbose : {0, 1}

    Examples
    --------
    >>> halve = LearningRateScheduler(lambda epoch, lr: lr / 2 if epoch else lr)
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        rate = self.schedule(epoch, float(self.model.optimizer.learning_rate))
        try:
            rate = float(rate)
        except (TypeError, ValueError) as error:
            raise DTypeError(
                "the schedule must return a number", op="LearningRateScheduler", got=repr(rate)
            ) from error
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
