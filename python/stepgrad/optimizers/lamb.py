r"""Lamb: Adam whose step has, for each variable, the length of the variable times the learning rate. Made for large batches.

.. math:: w_t = w_{t-1} - \eta \frac{\|w_{t-1}\|}{\|u_t\|} u_t, \qquad u_t = \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}

Source: Y. You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, 2019.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class LambUpdate(Update):
    name = "lamb_update"
    formula = (
        r"u_t = \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon},\quad "
        r"w_t = w_{t-1} - \eta \frac{\|w_{t-1}\|}{\|u_t\|} u_t"
    )
    source = "You et al., Large Batch Optimization for Deep Learning, 2019"

    def reference(self, w, g, m, v, *, learning_rate, beta_1, beta_2, epsilon, step):
        m += (g - m) * (1 - beta_1)
        v += (g * g - v) * (1 - beta_2)
        u = m / (1 - beta_1**step) / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
        length, wanted = np.linalg.norm(u), np.linalg.norm(w)
        w -= learning_rate * (wanted / length if length > 0 and wanted > 0 else 1.0) * u


@OPTIMIZERS.register
class Lamb(Optimizer):
    """Lamb.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2, epsilon : float
        As in `Adam`.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([2.0])
    >>> Lamb(learning_rate=0.5, epsilon=0.0).apply([[4.0]], [w])
    >>> w.tolist()
    [1.0]
    """

    update = LambUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i = self.index_of(variable)
        self.update(
            variable, gradient, self._momentums[i], self._velocities[i], learning_rate=learning_rate,
            beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon, step=self._t,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
