r"""Adadelta: like RMSprop, and the step size comes from the size of the last steps.

.. math::
    E_t = \rho E_{t-1} + (1 - \rho) g_t^2, \qquad
    d_t = -\frac{\sqrt{D_{t-1} + \epsilon}}{\sqrt{E_t + \epsilon}} g_t

    D_t = \rho D_{t-1} + (1 - \rho) d_t^2, \qquad w_t = w_{t-1} + \eta d_t

Source: M. D. Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class AdadeltaUpdate(Update):
    name = "adadelta_update"
    formula = (
        r"E_t = \rho E_{t-1} + (1-\rho) g_t^2,\quad d_t = -\frac{\sqrt{D_{t-1}+\epsilon}}{\sqrt{E_t+\epsilon}} g_t,\quad "
        r"D_t = \rho D_{t-1} + (1-\rho) d_t^2,\quad w_t = w_{t-1} + \eta d_t"
    )
    source = "Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012"

    def reference(self, w, g, squares, steps, *, learning_rate, rho, epsilon):
        squares *= rho
        squares += (1 - rho) * (g * g)
        step = -np.sqrt(steps + epsilon) * g / np.sqrt(squares + epsilon)
        steps *= rho
        steps += (1 - rho) * (step * step)
        w += learning_rate * step


@OPTIMIZERS.register
class Adadelta(Optimizer):
    """Adadelta.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        1.0 is the paper's method.
    rho : float
        How long the means of the squares remember.
    epsilon : float
        Keeps the division finite and the first steps from being 0.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> Adadelta(learning_rate=1.0, rho=0.0, epsilon=0.01).apply([[4.0]], [w])
    >>> round(w.item(), 2)
    0.9
    """

    update = AdadeltaUpdate()

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i = self.index_of(variable)
        slots = self._accumulated_grads[i], self._accumulated_delta_vars[i]
        self.update(
            variable, gradient, *slots, learning_rate=learning_rate, rho=self.rho, epsilon=self.epsilon
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
