"""LearningRateSchedule: the base class."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError
from stepgrad.tape import Tensor, wrap
from stepgrad.utils.serialization import Registry

SCHEDULES = Registry("schedules")


class LearningRateSchedule:
    """A learning rate that depends on the step.

    Notes
    -----
    A schedule of your own defines ``__call__(step)``, and ``get_config()`` to be saved.

    Examples
    --------
    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** float(step)
    >>> Halving()(2)
    0.025
    """

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config() to be saved")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Make the schedule that a config describes."""
        return cls(**config)


class Formula(LearningRateSchedule):
    """A schedule whose `rate(step)` is computed with NumPy; `fields` are the constructor's arguments."""

    formula = ""  # LaTeX, for the step-through; t is the step, T stands for decay_steps
    fields: tuple[str, ...] = ()
    name: str

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate of a step, or of an array of steps."""
        return wrap(np.asarray(self.rate(np.asarray(step, np.float64)), config.floatx()))

    def rate(self, step: np.ndarray) -> Any:
        """Compute the learning rate in float64."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {field: getattr(self, field) for field in self.fields}

    def _positive(self, **steps: float) -> None:
        for argument, value in steps.items():
            if value <= 0:
                raise ArgumentError(f"{argument} must be positive", op=type(self).__name__, got=str(value))
