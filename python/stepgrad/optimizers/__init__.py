"""Optimizers: how gradients change the variables. One file each, with its formula at the top."""

from typing import Any

from stepgrad.errors import DTypeError
from stepgrad.optimizers import schedules
from stepgrad.optimizers.adadelta import Adadelta
from stepgrad.optimizers.adafactor import Adafactor
from stepgrad.optimizers.adagrad import Adagrad
from stepgrad.optimizers.adam import Adam
from stepgrad.optimizers.adamax import Adamax
from stepgrad.optimizers.adamw import AdamW
from stepgrad.optimizers.ftrl import Ftrl
from stepgrad.optimizers.lamb import Lamb
from stepgrad.optimizers.lion import Lion
from stepgrad.optimizers.loss_scale_optimizer import LossScaleOptimizer
from stepgrad.optimizers.muon import Muon
from stepgrad.optimizers.nadam import Nadam
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.rmsprop import RMSprop
from stepgrad.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from stepgrad.optimizers.sgd import SGD
from stepgrad.optimizers.update import Update

deserialize = OPTIMIZERS.deserialize


def serialize(optimizer: Any) -> Any:
    """Return the saved form of a optimizer: plain values that JSON can hold.

    Examples
    --------
    >>> serialize(SGD())["class_name"]
    'SGD'
    """
    return OPTIMIZERS.serialize(optimizer)


def get(identifier: Any) -> Optimizer | None:
    """Return the optimizer that a name, a config, a class or an instance means.

    Examples
    --------
    >>> get("adam").beta_1
    0.9
    """
    optimizer = OPTIMIZERS.get(identifier)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise DTypeError(
            "this is not an optimizer", got=repr(identifier), fix="Adam(learning_rate=0.001), or 'adam'"
        )
    return optimizer


__all__ = [
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion",
    "LossScaleOptimizer", "Muon", "Nadam", "Optimizer", "RMSprop", "SGD", "ScheduleFreeAdamW", "Update",
    "deserialize", "get", "schedules", "serialize",
]  # fmt: skip
