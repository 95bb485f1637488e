r"""RMSprop: divide each gradient by a running root mean square of itself.

.. math::
    v_t = \rho v_{t-1} + (1 - \rho) g_t^2, \qquad
    w_t = w_{t-1} - \eta \frac{g_t}{\sqrt{v_t + \epsilon}}

Centered: :math:`v_t - \bar g_t^2 + \epsilon` under the root, with :math:`\bar g_t` the running mean of the gradient.
With momentum: :math:`b_t = \mu b_{t-1} + \eta g_t / \sqrt{\cdot}`, and :math:`w_t = w_{t-1} - b_t`.
Source: T. Tieleman and G. Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update


class RMSpropUpdate(Update):
    name = "rmsprop_update"
    numbers = ("learning_rate", "rho", "momentum", "epsilon")
    formula = (
        r"v_t = \rho v_{t-1} + (1-\rho) g_t^2,\quad w_t = w_{t-1} - \eta \frac{g_t}{\sqrt{v_t + \epsilon}}"
    )
    source = "Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012"

    def reference(self, w, g, v, mom, mean_g, *, learning_rate, rho, momentum, epsilon):
        v *= rho
        v += (1 - rho) * (g * g)
        denominator = v + epsilon
        if mean_g.size:
            mean_g *= rho
            mean_g += (1 - rho) * g
            denominator = v - mean_g * mean_g + epsilon
        step = learning_rate * g / np.sqrt(denominator)
        if mom.size:
            mom *= momentum
            mom += step
            step = mom
        w -= step


@OPTIMIZERS.register
class RMSprop(Optimizer):
    """RMSprop.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    rho : float
        How long the mean of the squares remembers.
    momentum : float
    epsilon : float
        Keeps the division finite.
    centered : bool
        Divide by the running standard deviation instead.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> from stepgrad import Variable
    >>> w = Variable([1.0])
    >>> RMSprop(learning_rate=0.1, rho=0.0).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9
    """

    update = RMSpropUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(variables, "average_gradient")

    def slots(self, i: int) -> tuple:
        momentum = self._momentums[i] if self.momentum > 0 else None
        return self._velocities[i], momentum, self._average_gradients[i] if self.centered else None

    def numbers(self, learning_rate: float) -> dict[str, Any]:
        return {
            "learning_rate": learning_rate,
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }

    def get_config(self) -> dict[str, Any]:
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}
