"""Schedules that fall along a cosine, with a warm-up, or starting again and again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.optimizers.schedules.schedule import SCHEDULES, Formula


@SCHEDULES.register
class CosineDecay(Formula):
    """Falls along half a cosine to alpha times the first rate, after an optional linear rise.

    Parameters
    ----------
    initial_learning_rate, decay_steps : float
    alpha : float
        Where it ends, as a part of the highest rate.
    name : str
    warmup_target : float, optional
        Rise from initial_learning_rate to this first.
    warmup_steps : int
        How long the rise takes.

    Notes
    -----
    Source: I. Loshchilov and F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016.

    Examples
    --------
    >>> CosineDecay(1.0, decay_steps=4)(2).item()
    0.5
    """

    formula = r"\eta_t = \eta_0 \left( (1 - \alpha) \tfrac{1 + \cos(\pi t / T)}{2} + \alpha \right)"
    fields = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ):
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.alpha, self.name = alpha, name
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def rate(self, step: np.ndarray) -> Any:
        if self.warmup_target is None:
            return self._fall(self.initial_learning_rate, step)
        rise = (self.warmup_target - self.initial_learning_rate) * step / max(self.warmup_steps, 1)
        rise = rise + self.initial_learning_rate
        return np.where(
            step < self.warmup_steps, rise, self._fall(self.warmup_target, step - self.warmup_steps)
        )

    def _fall(self, start: float, step: Any) -> Any:
        cosine = 0.5 * (1 + np.cos(math.pi * np.minimum(step, self.decay_steps) / self.decay_steps))
        return start * ((1 - self.alpha) * cosine + self.alpha)


@SCHEDULES.register
class CosineDecayRestarts(Formula):
    """Falls along half a cosine again and again.

    Parameters
    ----------
    initial_learning_rate, first_decay_steps : float
    t_mul : float
        How much longer each period is than the one before.
    m_mul : float
        What the rate at the start of each period is multiplied by.
    alpha : float
        Where each period ends, as a part of initial_learning_rate.
    name : str

    Notes
    -----
    Source: I. Loshchilov and F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016.

    Examples
    --------
    >>> schedule = CosineDecayRestarts(1.0, first_decay_steps=2)
    >>> [round(schedule(step).item(), 2) for step in range(4)]
    [1.0, 0.5, 1.0, 0.85]
    """

    formula = r"\eta_t = \eta_0 \left( (1 - \alpha) m^i \tfrac{1 + \cos(\pi t_i / T_i)}{2} + \alpha \right)"
    fields = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ):
        self._positive(first_decay_steps=first_decay_steps)
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def rate(self, step: np.ndarray) -> Any:
        part = step / self.first_decay_steps
        if self.t_mul == 1:
            restarts = np.floor(part)
            part = part - restarts
        else:
            # Periods 1, t, t^2, ...: the i-th starts at (1 - t^i) / (1 - t). 1e-12 keeps log(8) / log(2) from becoming 2.999.
            restarts = np.floor(np.log(1 - part * (1 - self.t_mul)) / math.log(self.t_mul) + 1e-12)
            length = self.t_mul**restarts
            part = (part - (1 - length) / (1 - self.t_mul)) / length
        cosine = 0.5 * self.m_mul**restarts * (1 + np.cos(math.pi * part))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)
