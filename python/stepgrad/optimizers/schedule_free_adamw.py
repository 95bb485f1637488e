r"""ScheduleFreeAdamW: Adam without a schedule; gradients are taken between its running average and its fastest point.

.. math::
    z_t = z_{t-1} - \eta \frac{g_t}{\sqrt{\hat v_t} + \epsilon}, \qquad x_t = (1 - \tfrac{1}{t}) x_{t-1} + \tfrac{1}{t} z_t, \qquad
    w_t = (1 - \beta_1) z_t + \beta_1 x_t

Source: A. Defazio et al., The Road Less Scheduled, 2024.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class ScheduleFreeAdamWUpdate(Update):
    name = "schedule_free_adamw_update"
    formula = (
        r"z_t = z_{t-1} - \eta \frac{g_t}{\sqrt{\hat v_t} + \epsilon},\quad x_t = (1 - \tfrac1t) x_{t-1} + \tfrac1t z_t,\quad "
        r"w_t = (1 - \beta_1) z_t + \beta_1 x_t"
    )
    source = "Defazio et al., The Road Less Scheduled, 2024"

    def reference(self, w, g, z, v, *, learning_rate, beta_1, beta_2, epsilon, step):
        x = (w - (1 - beta_1) * z) / beta_1  # w stands between z and x, so that x needs no slot
        v += (g * g - v) * (1 - beta_2)
        z -= learning_rate * g / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
        x += (z - x) / step
        w[...] = (1 - beta_1) * z + beta_1 * x


@OPTIMIZERS.register
class ScheduleFreeAdamW(Optimizer):
    """Adam that needs no schedule.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1 : float
        Where gradients are taken: 1 is the average, 0 the fastest point.
    beta_2, epsilon : float
        As in `Adam`.
    warmup_steps : int
        So many steps the learning rate rises in.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> ScheduleFreeAdamW(learning_rate=0.5).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.5
    """

    update = ScheduleFreeAdamWUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.warmup_steps = beta_1, beta_2, epsilon, warmup_steps

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        for momentum, variable in zip(self._momentums, variables, strict=True):
            momentum.assign(variable.array)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i, step = self.index_of(variable), self._t
        if self.warmup_steps:
            learning_rate *= min(step / self.warmup_steps, 1.0)
        self.update(
            variable, gradient, self._momentums[i], self._velocities[i], learning_rate=learning_rate,
            beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon, step=step,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
        return {**super().get_config(), **own}
