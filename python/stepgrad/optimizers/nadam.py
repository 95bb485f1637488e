r"""Nadam: Adam that looks one step ahead, as Nesterov's momentum does.

.. math::
    u_t = \beta_1 (1 - \tfrac12 0.96^t), \qquad
    \hat m_t = \frac{u_{t+1} m_t}{1 - \prod_{i=1}^{t+1} u_i} + \frac{(1 - u_t) g_t}{1 - \prod_{i=1}^{t} u_i}

    w_t = w_{t-1} - \eta \frac{\hat m_t}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

with :math:`m_t` and :math:`v_t` as in Adam.
Source: T. Dozat, Incorporating Nesterov Momentum into Adam, 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class NadamUpdate(Update):
    name = "nadam_update"
    formula = (
        r"\hat m_t = \frac{u_{t+1} m_t}{1-\prod_{i=1}^{t+1} u_i} + \frac{(1-u_t) g_t}{1-\prod_{i=1}^{t} u_i},\quad "
        r"w_t = w_{t-1} - \eta \frac{\hat m_t}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source = "Dozat, Incorporating Nesterov Momentum into Adam, 2016"

    def reference(self, w, g, m, v, *, m_factor, g_factor, v_factor, learning_rate, beta_1, beta_2, epsilon):
        m += (g - m) * (1 - beta_1)
        v += (g * g - v) * (1 - beta_2)
        ahead = m_factor * m + g_factor * g
        w -= learning_rate * ahead / (np.sqrt(v_factor * v) + epsilon)


@OPTIMIZERS.register
class Nadam(Optimizer):
    """Nadam.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        How long the means of the gradient and of its square remember.
    epsilon : float
        Keeps the division finite.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> Nadam(learning_rate=0.1).apply([[4.0]], [w])
    >>> w.item() < 0.95
    True
    """

    update = NadamUpdate()

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
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._u_product = self._add_number("u_product", "float64", "ones")

    def update_all(self, grads: Sequence[Any], variables: Sequence[Variable], learning_rate: float) -> None:
        self._u_product.assign(self._u_product.array * self._u(self._t))
        super().update_all(grads, variables, learning_rate)

    def _u(self, t: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i = self.index_of(variable)
        t = self._t
        product = float(self._u_product)
        ahead = self._u(t + 1)
        self.update(
            variable,
            gradient,
            self._momentums[i],
            self._velocities[i],
            m_factor=ahead / (1 - product * ahead),
            g_factor=(1 - self._u(t)) / (1 - product),
            v_factor=1 / (1 - self.beta_2**t),
            learning_rate=learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
