"""LayerNormalization: every sample with mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import Weighted


@LAYERS.register
class LayerNormalization(Weighted):
    """Normalize every sample over `axis`, then scale and shift. [Ba et al., 2016]

    Parameters
    ----------
    axis : int or list of int
    epsilon : float
    center, scale : bool
        Whether to add beta and to multiply with gamma.
    beta_initializer, gamma_initializer : str or callable
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | list[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.axis = tuple(sorted(axis)) if isinstance(axis, list | tuple) else int(axis)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self._describe("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self._describe("beta", beta_initializer, beta_regularizer, beta_constraint)

    def build(self, input_shape: tuple) -> None:
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        shape = tuple(input_shape[axis] for axis in axes)
        self.gamma = self._create("gamma", shape) if self.scale else None
        self.beta = self._create("beta", shape) if self.center else None

    def call(self, inputs: Any) -> Any:
        return ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **self._described("beta", "gamma"),
        }
