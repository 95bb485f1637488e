"""Schedules that fall: exponential, stepwise, polynomial, hyperbolic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.optimizers.schedules.schedule import SCHEDULES, Formula


@SCHEDULES.register
class ExponentialDecay(Formula):
    """initial_learning_rate * decay_rate ** (step / decay_steps).

    Parameters
    ----------
    initial_learning_rate, decay_steps, decay_rate : float
    staircase : bool
        Round step / decay_steps down, so that the rate falls in stairs.
    name : str

    Examples
    --------
    >>> round(ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20).item(), 4)
    0.025
    """

    formula = r"\eta_t = \eta_0 \gamma^{t / T}"
    fields = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ):
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps, self.decay_rate = (
            initial_learning_rate,
            decay_steps,
            decay_rate,
        )
        self.staircase, self.name = staircase, name

    def rate(self, step: np.ndarray) -> Any:
        part = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (np.floor(part) if self.staircase else part)


@SCHEDULES.register
class PiecewiseConstantDecay(Formula):
    """values[0] up to and including step boundaries[0], then values[1], and so on.

    Parameters
    ----------
    boundaries : list of int
    values : list of float
        One more than boundaries.
    name : str

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.25])
    >>> [schedule(step).item() for step in range(6)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """

    formula = r"\eta_t = v_i,\ b_{i-1} < t \le b_i"
    fields = ("boundaries", "values", "name")

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(
                "a PiecewiseConstantDecay needs one value more than boundaries",
                expected=f"{len(boundaries) + 1} values",
                got=str(len(values)),
            )
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def rate(self, step: np.ndarray) -> Any:
        return np.asarray(self.values)[np.searchsorted(self.boundaries, step, side="left")]


@SCHEDULES.register
class PolynomialDecay(Formula):
    """Falls from initial_learning_rate to end_learning_rate along (1 - step / decay_steps) ** power.

    Parameters
    ----------
    initial_learning_rate, decay_steps, end_learning_rate, power : float
    cycle : bool
        After decay_steps go on with a period twice, three times, ... as long.
    name : str

    Examples
    --------
    >>> PolynomialDecay(1.0, decay_steps=4, end_learning_rate=0.0)(1).item()
    0.75
    """

    formula = r"\eta_t = (\eta_0 - \eta_T) (1 - t / T)^p + \eta_T"
    fields = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ):
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name

    def rate(self, step: np.ndarray) -> Any:
        steps: Any = self.decay_steps
        if self.cycle:
            steps = steps * np.maximum(np.ceil(step / steps), 1.0)
        else:
            step = np.minimum(step, steps)
        fall = (1 - step / steps) ** self.power
        return (self.initial_learning_rate - self.end_learning_rate) * fall + self.end_learning_rate


@SCHEDULES.register
class InverseTimeDecay(Formula):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Parameters
    ----------
    initial_learning_rate, decay_steps, decay_rate : float
    staircase : bool
        Round step / decay_steps down.
    name : str

    Examples
    --------
    >>> InverseTimeDecay(1.0, decay_steps=1, decay_rate=0.5)(2).item()
    0.5
    """

    formula = r"\eta_t = \eta_0 / (1 + \gamma t / T)"
    fields = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ):
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps, self.decay_rate = (
            initial_learning_rate,
            decay_steps,
            decay_rate,
        )
        self.staircase, self.name = staircase, name

    def rate(self, step: np.ndarray) -> Any:
        part = step / self.decay_steps
        return self.initial_learning_rate / (
            1 + self.decay_rate * (np.floor(part) if self.staircase else part)
        )
