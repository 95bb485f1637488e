r"""Adagrad: divide each gradient by the root of the sum of all its squares so far.

.. math::
    G_t = G_{t-1} + g_t^2, \qquad w_t = w_{t-1} - \eta \frac{g_t}{\sqrt{G_t + \epsilon}}

Source: J. Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.initializers import Constant
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update


class AdagradUpdate(Update):
    name = "adagrad_update"
    numbers = ("learning_rate", "epsilon")
    formula = r"G_t = G_{t-1} + g_t^2,\quad w_t = w_{t-1} - \eta \frac{g_t}{\sqrt{G_t + \epsilon}}"
    source = (
        "Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011"
    )

    def reference(self, w, g, accumulator, *, learning_rate, epsilon):
        accumulator += g * g
        w -= learning_rate * g / np.sqrt(accumulator + epsilon)


@OPTIMIZERS.register
class Adagrad(Optimizer):
    """Adagrad.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    initial_accumulator_value : float
        Where the sums of squares start.
    epsilon : float
        Keeps the division finite.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> from stepgrad import Variable
    >>> w = Variable([1.0])
    >>> Adagrad(learning_rate=0.1, initial_accumulator_value=0.0).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9
    """

    update = AdagradUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        start = Constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", start)

    def slots(self, i: int) -> tuple:
        return (self._accumulators[i],)

    def numbers(self, learning_rate: float) -> dict[str, Any]:
        return {"learning_rate": learning_rate, "epsilon": self.epsilon}

    def get_config(self) -> dict[str, Any]:
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
