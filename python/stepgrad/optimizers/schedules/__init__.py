"""Learning rates that change while the training goes on."""

from stepgrad.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from stepgrad.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from stepgrad.optimizers.schedules.schedule import SCHEDULES, LearningRateSchedule

get, serialize, deserialize = SCHEDULES.get, SCHEDULES.serialize, SCHEDULES.deserialize

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "get", "serialize",
]  # fmt: skip
