"""One epoch: batches in, callbacks called, logs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.models.epoch_iterator import EpochIterator
from stepgrad.tape import Tensor

_STOP = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


def run_epoch(
    model: Any, data: EpochIterator, step: Callable, phase: str, callbacks: Any, skip: int = 0
) -> dict[str, Any] | None:
    """Run `step` on every batch and return what it returned last, None where there was no batch.

    The logs of a batch become numbers only where a callback listens: that is not free, and a step may be short.
    """
    begin = getattr(callbacks, f"on_{phase}_batch_begin")
    end = getattr(callbacks, f"on_{phase}_batch_end")
    listens = callbacks.listens(f"on_{phase}_batch_end")
    together = model.steps_per_execution
    logs, number = None, skip
    for batch in data.epoch(skip):
        if number % together == 0:
            begin(number)
        logs = step(batch)
        if phase != "predict" and not isinstance(logs, dict):
            raise DTypeError(
                f"{phase}_step must return a dict of logs",
                got=type(logs).__name__,
                fix="return {'loss': loss}",
            )
        number += 1
        if number % together == 0:
            if listens:
                end(number - 1, logs if phase == "predict" else numbers(logs))
            if getattr(model, _STOP[phase]):
                return logs
    if logs is not None and number % together and listens:
        end(number - 1, logs if phase == "predict" else numbers(logs))
    return logs


def numbers(logs: dict[str, Any]) -> dict[str, Any]:
    """Return logs as Python floats, by sorted name as Keras shows them; what is no single number becomes an array."""
    return {name: _number(logs[name]) for name in sorted(logs)}


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return value
    array = value.array if isinstance(value, Tensor) else np.asarray(value)
    return float(array) if array.ndim == 0 else array.copy()


def should_validate(epoch: int, frequency: Any) -> bool:
    """Tell whether validation is due after an epoch, counted from 0."""
    if isinstance(frequency, int) and not isinstance(frequency, bool) and frequency >= 1:
        return (epoch + 1) % frequency == 0
    if isinstance(frequency, list | tuple | set):
        return epoch + 1 in frequency
    raise ArgumentError("validation_freq must be a positive integer or a list of epochs", got=repr(frequency))
