r"""FTRL: follow the regularized leader; made for sparse, linear problems, where many weights should be exactly 0.

.. math::
    n_t = n_{t-1} + g_t^2, \qquad
    z_t = z_{t-1} + g_t + 2 \lambda_s w_{t-1} - \frac{n_t^{-p} - n_{t-1}^{-p}}{\eta} w_{t-1}

    w_t = \frac{\mathrm{clip}(z_t, -\lambda_1, \lambda_1) - z_t}{n_t^{-p} / \eta + 2 (\lambda_2 + \beta / 2\eta)}

with the learning-rate power p, mostly -1/2.
Source: H. B. McMahan et al., Ad Click Prediction: a View from the Trenches, 2013.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.initializers import Constant
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class FtrlUpdate(Update):
    name = "ftrl_update"
    formula = (
        r"z_t = z_{t-1} + g_t + 2\lambda_s w_{t-1} - \frac{n_t^{-p} - n_{t-1}^{-p}}{\eta} w_{t-1},\quad "
        r"w_t = \frac{\mathrm{clip}(z_t, -\lambda_1, \lambda_1) - z_t}{n_t^{-p}/\eta + 2(\lambda_2 + \beta/2\eta)}"
    )
    source = "McMahan et al., Ad Click Prediction: a View from the Trenches, 2013"

    def reference(self, w, g, n, z, *, learning_rate, power, l1, l2, shrinkage):
        grown = n + g * g
        root = grown**-power
        z += g + 2 * shrinkage * w - (root - n**-power) / learning_rate * w
        w[...] = (np.clip(z, -l1, l1) - z) / (root / learning_rate + 2 * l2)
        n[...] = grown


@OPTIMIZERS.register
class Ftrl(Optimizer):
    """FTRL-Proximal.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    learning_rate_power : float
        Not positive; -0.5 lets the step of each weight fall with the root of its squared gradients.
    initial_accumulator_value : float
        Where the sums of squares start.
    l1_regularization_strength, l2_regularization_strength : float
    l2_shrinkage_regularization_strength : float
        An L2 penalty on the gradient's side.
    beta : float
        The paper's beta.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([1.0])
    >>> Ftrl(learning_rate=0.1, l1_regularization_strength=100.0).apply([[4.0]], [w])
    >>> w.tolist()
    [0.0]
    """

    update = FtrlUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        if learning_rate_power > 0:
            raise ArgumentError(
                "learning_rate_power cannot be positive", op="Ftrl", got=str(learning_rate_power)
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for argument, value in self._own_config().items():
            if value < 0 and argument not in ("learning_rate_power", "beta"):
                raise ArgumentError(f"{argument} cannot be negative", op="Ftrl", got=str(value))

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        starts = [Constant(self.initial_accumulator_value), "zeros"]
        self._squares, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], starts
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i = self.index_of(variable)
        self.update(
            variable,
            gradient,
            self._squares[i],
            self._linears[i],
            learning_rate=learning_rate,
            power=self.learning_rate_power,
            l1=self.l1_regularization_strength,
            l2=self.l2_regularization_strength + self.beta / (2 * learning_rate),
            shrinkage=self.l2_shrinkage_regularization_strength,
        )

    def _own_config(self) -> dict[str, float]:
        return {
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._own_config()}
