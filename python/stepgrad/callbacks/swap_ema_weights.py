"""SwapEMAWeights: the moving averages of the weights stand in for the weights while the model is evaluated."""

from __future__ import annotations

from typing import Any

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.errors import ArgumentError


class SwapEMAWeights(Callback):
    """Swap weights and their moving averages for evaluation and prediction. Needs an optimizer with ``use_ema=True``.

    Parameters
    ----------
    swap_on_epoch : bool
        Also at the end of each epoch, until the next begins, so that a checkpoint saves the averages.

    Examples
    --------
    >>> callback = SwapEMAWeights()
    """

    def __init__(self, swap_on_epoch: bool = False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _optimizer(self) -> Any:
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ArgumentError(
                "SwapEMAWeights needs moving averages",
                got=repr(optimizer),
                fix="compile with an optimizer with use_ema=True",
            )
        return optimizer

    def _swap(self, wanted: bool) -> None:
        optimizer = self._optimizer()
        if self._swapped is wanted or not optimizer.built:
            return
        for variable, average in zip(optimizer._trainable_variables, optimizer._averages, strict=True):
            kept = variable.numpy()
            variable.assign(average.array)
            average.assign(kept)
        self._swapped = wanted

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap(
                epoch != self.params["epochs"] - 1
            )  # after the last epoch fit puts the averages in itself

    def on_test_begin(self, logs: Logs = None) -> None:
        self._swap(True)

    def on_test_end(self, logs: Logs = None) -> None:
        self._swap(False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._swap(True)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._swap(False)
