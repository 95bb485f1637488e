r"""AdamW: Adam, and before each step every weight shrinks a little, outside of the running means.

.. math:: w_t = (1 - \eta \lambda) w_{t-1} - \eta_t \frac{m_t}{\sqrt{v_t} + \epsilon}

Source: I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, 2017.
"""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.optimizers.adam import Adam
from stepgrad.optimizers.optimizer import OPTIMIZERS


@OPTIMIZERS.register
class AdamW(Adam):
    """Adam with decoupled weight decay.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    weight_decay : float
        Each step every weight loses learning_rate * weight_decay of itself.
    beta_1, beta_2, epsilon, amsgrad
        See `Adam`.
    **kwargs
        See `Optimizer`.

    Examples
    --------
    >>> AdamW(weight_decay=0.01).get_config()["weight_decay"]
    0.01
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ):
        if weight_decay is None:
            raise ArgumentError("AdamW needs a weight_decay", got="None", fix="use Adam for none")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)
