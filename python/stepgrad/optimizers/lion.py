r"""Lion: steps of one size, in the direction of the sign.

.. math::
    w_t = w_{t-1} - \eta\, \mathrm{sign}(\beta_1 m_{t-1} + (1 - \beta_1) g_t), \qquad
    m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t

Source: X. Chen et al., Symbolic Discovery of Optimization Algorithms, 2023.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class LionUpdate(Update):
    name = "lion_update"
    formula = (
        r"w_t = w_{t-1} - \eta\, \mathrm{sign}(\beta_1 m_{t-1} + (1-\beta_1) g_t),\quad "
        r"m_t = \beta_2 m_{t-1} + (1-\beta_2) g_t"
    )
    source = "Chen et al., Symbolic Discovery of Optimization Algorithms, 2023"

    def reference(self, w, g, m, *, learning_rate, beta_1, beta_2):
        w -= learning_rate * np.sign(beta_1 * m + (1 - beta_1) * g)
        m *= beta_2
        m += (1 - beta_2) * g


@OPTIMIZERS.register
class Lion(Optimizer):
    """Lion. A good learning rate is about a tenth of Adam's.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        How the gradient is mixed into the step, and into the mean that is kept.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> Lion(learning_rate=0.5).apply([[4.0]], [w])
    >>> w.tolist()
    [0.5]
    """

    update = LionUpdate()

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)
        if not 0 < beta_1 <= 1:
            raise ArgumentError("beta_1 must be above 0 and at most 1", op="Lion", got=str(beta_1))
        self.beta_1, self.beta_2 = beta_1, beta_2

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        momentum = self._momentums[self.index_of(variable)]
        self.update(
            variable, gradient, momentum, learning_rate=learning_rate, beta_1=self.beta_1, beta_2=self.beta_2
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
