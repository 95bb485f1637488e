"""Learning rates that change while the training goes on."""

from typing import Any

from stepgrad.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from stepgrad.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from stepgrad.optimizers.schedules.schedule import SCHEDULES, LearningRateSchedule

get, deserialize = SCHEDULES.get, SCHEDULES.deserialize


def serialize(learning_rate_schedule: Any) -> Any:
    """Return the saved form of a schedule: plain values that JSON can hold.

    Examples
    --------
    >>> serialize(ExponentialDecay(0.1, 10, 0.9))["class_name"]
    'ExponentialDecay'
    """
    return SCHEDULES.serialize(learning_rate_schedule)


__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "get", "serialize",
]  # fmt: skip
