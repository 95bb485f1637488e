r"""Adamax: Adam with the largest gradient lately in place of the root mean square.

.. math::
    m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad u_t = \max(\beta_2 u_{t-1}, |g_t|)

    w_t = w_{t-1} - \frac{\eta}{1 - \beta_1^t} \cdot \frac{m_t}{u_t + \epsilon}

Source: D. P. Kingma and J. Ba, Adam: A Method for Stochastic Optimization, 2014, section 7.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class AdamaxUpdate(Update):
    name = "adamax_update"
    formula = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t,\quad u_t = \max(\beta_2 u_{t-1}, |g_t|),\quad "
        r"w_t = w_{t-1} - \frac{\eta}{1-\beta_1^t} \frac{m_t}{u_t + \epsilon}"
    )
    source = "Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, section 7.1"

    def reference(self, w, g, m, u, *, step_size, beta_1, beta_2, epsilon):
        m += (g - m) * (1 - beta_1)
        np.maximum(beta_2 * u, np.abs(g), out=u)
        w -= step_size * m / (u + epsilon)


@OPTIMIZERS.register
class Adamax(Optimizer):
    """Adamax.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        How long the mean of the gradient and its largest size remember.
    epsilon : float
        Keeps the division finite.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> Adamax(learning_rate=0.1).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9
    """

    update = AdamaxUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon = epsilon

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i = self.index_of(variable)
        self.update(
            variable,
            gradient,
            self._m[i],
            self._u[i],
            step_size=learning_rate / (1 - self.beta_1**self._t),
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
