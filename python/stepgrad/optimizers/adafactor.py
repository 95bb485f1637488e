r"""Adafactor: of a matrix of squared gradients only the means of rows and columns are kept, and the step has a bounded size.

.. math::
    r_t = \beta_t r_{t-1} + (1 - \beta_t)\, \mathrm{mean}_j\, g_t^2, \qquad c_t \text{ likewise over rows}, \qquad
    v_t = \frac{r_t c_t^\top}{\mathrm{mean}\, r_t}

    w_t = w_{t-1} - \alpha_t \frac{u_t}{\max(1, \mathrm{rms}(u_t) / d)}, \qquad u_t = \frac{g_t}{\sqrt{v_t}}

Source: N. Shazeer and M. Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable


class AdafactorUpdate(Update):
    name = "adafactor_update"
    formula = (
        r"v_t = \frac{r_t c_t^\top}{\mathrm{mean}\, r_t},\quad u_t = \frac{g_t}{\sqrt{v_t}},\quad "
        r"w_t = w_{t-1} - \alpha_t \frac{u_t}{\max(1, \mathrm{rms}(u_t) / d)}"
    )
    source = "Shazeer and Stern, Adafactor, 2018"

    def reference(self, w, g, r, c, v, *, rate, beta_2, epsilon_1, epsilon_2, clip_threshold):
        squares = g * g + epsilon_1
        if w.ndim < 2:
            v *= beta_2
            v += (1 - beta_2) * squares
        else:
            for slot, axis in ((r, -1), (c, -2)):
                slot *= beta_2
                slot += (1 - beta_2) * squares.mean(axis)
            v[...] = (r / r.mean(-1, keepdims=True))[..., None] * c[..., None, :]
        u = g / np.sqrt(v)
        scale = max(epsilon_2, _rms(w)) * rate
        w -= scale * u / max(1.0, _rms(u) / clip_threshold)


def _rms(x: np.ndarray) -> float:
    return math.sqrt(float(np.mean(np.square(x))))


@OPTIMIZERS.register
class Adafactor(Optimizer):
    """Adafactor.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_2_decay : float
        The mean of the squares forgets with 1 - step ** beta_2_decay.
    epsilon_1, epsilon_2 : float
        The least square of a gradient, and the least size of a variable.
    clip_threshold : float
        The largest root mean square of a step.
    relative_step : bool
        Let the learning rate fall as 1 / sqrt(step).
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> w = Variable([2.0])
    >>> Adafactor(learning_rate=0.5).apply([[4.0]], [w])
    >>> w.tolist()
    [1.0]
    """

    update = AdafactorUpdate()

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self._slots: list[tuple[Variable | None, ...]] = []
        for variable in variables:
            rows = columns = None
            shape = variable.shape
            if len(shape) > 1:
                rows = self.add_variable(shape[:-1], dtype=variable.dtype, name=variable.name)
                columns = self.add_variable(
                    (*shape[:-2], shape[-1]), dtype=variable.dtype, name=variable.name
                )
            self._slots.append((rows, columns, self.add_variable_from_reference(variable, "velocity")))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        step = self._t
        self.update(
            variable, gradient, *self._slots[self.index_of(variable)], rate=min(learning_rate, 1 / math.sqrt(step)),
            beta_2=1 - step**self.beta_2_decay, epsilon_1=self.epsilon_1, epsilon_2=self.epsilon_2,
            clip_threshold=self.clip_threshold,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        words = "beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step".split()
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
