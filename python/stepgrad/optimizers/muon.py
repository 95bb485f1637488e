r"""Muon: the momentum of a matrix is made nearly orthogonal before the step; everything that is no matrix goes Adam's way.

.. math:: x \leftarrow a x + b\, x x^\top x + c\, x x^\top x x^\top x, \qquad w_t = w_{t-1} - \eta\, \rho \sqrt{\max(n, m)}\, x

Source: K. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; J. Liu et al., arXiv:2502.16982.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from stepgrad.optimizers.adam import Adam
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class MuonUpdate(Update):
    name = "muon_update"
    formula = (
        r"m_t = \mu m_{t-1} + g_t,\quad x = \mathrm{orthogonal}(g_t + \mu m_t),\quad "
        r"w_t = w_{t-1} - \eta\, \rho \sqrt{\max(n, m)}\, x"
    )
    source = "Jordan et al., Muon, 2024"

    def reference(self, w, g, m, *, learning_rate, momentum, nesterov, rounds, coefficients):
        m *= momentum
        m += g
        x = g + momentum * m if nesterov else m
        w -= learning_rate * nearly_orthogonal(x, rounds, *coefficients)


def nearly_orthogonal(x: np.ndarray, rounds: int, a: float, b: float, c: float) -> np.ndarray:
    """Bring all singular values near 1 by Newton and Schulz's iteration with a polynomial of degree 5."""
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


@OPTIMIZERS.register
class Muon(Optimizer):
    """Muon for matrices, Adam for the rest.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    adam_beta_1, adam_beta_2, adam_weight_decay, epsilon : float
        For the variables that go Adam's way.
    weight_decay : float
    exclude_layers : list of str, optional
        Patterns of paths that go Adam's way.
    exclude_embeddings : bool
        Whether embeddings do.
    muon_a, muon_b, muon_c : float
        Of the polynomial.
    adam_lr_ratio : float
        Adam's learning rate, as a multiple.
    momentum : float
    ns_steps : int
        Rounds of the iteration.
    nesterov : bool
    rms_rate : float or None
        rho in the formula; None for a factor of 1.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable(np.eye(2))
    >>> Muon(learning_rate=0.1, weight_decay=0.0).apply([np.eye(2)], [w])
    >>> bool((w.numpy() < np.eye(2) + 1e-3).all())
    True
    """

    update = MuonUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: list[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ):
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.exclude_layers, self.exclude_embeddings = exclude_layers or [], exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.momentum, self.ns_steps, self.nesterov, self.rms_rate = momentum, ns_steps, nesterov, rms_rate

    def _for_adam(self, variable: Variable) -> bool:
        if len(variable.shape) != 2 or (self.exclude_embeddings and "embedding" in variable.path.lower()):
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            slot = (
                self.add_variable_from_reference(variable, "velocity") if self._for_adam(variable) else None
            )
            self._velocities.append(slot)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        i = self.index_of(variable)
        m, v = self._momentums[i], self._velocities[i]
        if v is not None:
            step = self._t
            correction = math.sqrt(1 - self.adam_beta_2**step) / (1 - self.adam_beta_1**step)
            Adam.update(
                variable, gradient, m, v, None, step_size=learning_rate * self.adam_lr_ratio * correction,
                beta_1=self.adam_beta_1, beta_2=self.adam_beta_2, epsilon=self.epsilon,
            )  # fmt: skip
            return
        scale = 1.0 if self.rms_rate is None else self.rms_rate * math.sqrt(max(variable.shape))
        self.update(
            variable, gradient, m, learning_rate=learning_rate * scale, momentum=self.momentum, nesterov=self.nesterov,
            rounds=self.ns_steps, coefficients=(self.muon_a, self.muon_b, self.muon_c),
        )  # fmt: skip

    def _decay(self, variables: list[Variable], learning_rate: float) -> None:
        own = self.weight_decay
        for chosen, amount in ((True, self.adam_weight_decay), (False, own)):
            self.weight_decay = amount
            super()._decay([v for v in variables if self._for_adam(v) is chosen], learning_rate)
        self.weight_decay = own

    def get_config(self) -> dict[str, Any]:
        words = (
            "adam_beta_1 adam_beta_2 adam_weight_decay epsilon exclude_layers exclude_embeddings muon_a muon_b muon_c "
            "adam_lr_ratio momentum ns_steps nesterov rms_rate"
        ).split()
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
