r"""Adam: a step size for each weight, from running means of the gradient and of its square.

.. math::
    m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2

    w_t = w_{t-1} - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \cdot \frac{m_t}{\sqrt{v_t} + \epsilon}

AMSGrad divides by the largest :math:`v` so far.
Source: D. P. Kingma and J. Ba, Adam: A Method for Stochastic Optimization, 2014 (epsilon as in its section 2,
"epsilon hat"); S. J. Reddi et al., On the Convergence of Adam and Beyond, 2018.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update


class AdamUpdate(Update):
    name = "adam_update"
    numbers = ("step_size", "beta_1", "beta_2", "epsilon")
    formula = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t,\quad v_t = \beta_2 v_{t-1} + (1-\beta_2) g_t^2,\quad "
        r"w_t = w_{t-1} - \eta \frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t} \frac{m_t}{\sqrt{v_t} + \epsilon}"
    )
    source = "Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014"

    def reference(self, w, g, m, v, vhat, *, step_size, beta_1, beta_2, epsilon):
        m += (g - m) * (1 - beta_1)
        v += (g * g - v) * (1 - beta_2)
        if vhat.size:
            np.maximum(vhat, v, out=vhat)
            v = vhat
        w -= step_size * m / (np.sqrt(v) + epsilon)


@OPTIMIZERS.register
class Adam(Optimizer):
    """Adam.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        How long the means of the gradient and of its square remember.
    epsilon : float
        Keeps the division finite.
    amsgrad : bool
        Divide by the largest mean square so far.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> from stepgrad import Variable
    >>> w = Variable([1.0])
    >>> Adam(learning_rate=0.5).apply([[20.0]], [w])
    >>> round(w.item(), 4)
    0.5
    """

    update = AdamUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat")

    def slots(self, i: int) -> tuple:
        return self._momentums[i], self._velocities[i], self._velocity_hats[i] if self.amsgrad else None

    def numbers(self, learning_rate: float) -> dict[str, Any]:
        t = self._t
        return {
            "step_size": learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **own}
