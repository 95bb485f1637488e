r"""SGD: go downhill, with momentum if wanted.

.. math::
    v_t = \mu v_{t-1} - \eta g_t, \qquad
    w_t = w_{t-1} + v_t \quad \text{(Nesterov: } w_t = w_{t-1} + \mu v_t - \eta g_t \text{)}

Without momentum: :math:`w_t = w_{t-1} - \eta g_t`.
Source: I. Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.
"""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class SGDUpdate(Update):
    name = "sgd_update"
    numbers = ("learning_rate", "momentum", "nesterov")
    formula = r"v_t = \mu v_{t-1} - \eta g_t,\quad w_t = w_{t-1} + v_t\ (\text{Nesterov: } w_{t-1} + \mu v_t - \eta g_t)"
    source = "Sutskever et al., On the importance of initialization and momentum in deep learning, 2013"

    def reference(self, w, g, velocity, *, learning_rate, momentum, nesterov):
        step = g * -learning_rate
        if velocity.size:
            velocity *= momentum
            velocity += step
            step = momentum * velocity + step if nesterov else velocity
        w += step


@OPTIMIZERS.register
class SGD(Optimizer):
    """Stochastic gradient descent.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    momentum : float
        How much of the last step goes on; 0 is plain descent.
    nesterov : bool
        Look one step ahead.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> SGD(learning_rate=0.5).apply([[1.0]], [w])
    >>> w.tolist()
    [0.5]
    """

    update = SGDUpdate()

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any
    ):
        super().__init__(learning_rate, **kwargs)
        if not 0 <= momentum <= 1:
            raise ArgumentError("momentum must be between 0 and 1", op="SGD", got=str(momentum))
        self.momentum = momentum
        self.nesterov = nesterov
        self.momentums: list[Variable] = []

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        if self.momentum:
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def slots(self, i: int) -> tuple:
        return (self.momentums[i] if self.momentum else None,)

    def numbers(self, learning_rate: float) -> dict[str, Any]:
        return {"learning_rate": learning_rate, "momentum": self.momentum, "nesterov": self.nesterov}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
