"""GroupNormalization: mean 0 and variance 1 in every group of channels of a sample."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ShapeError
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import Weighted


@LAYERS.register
class GroupNormalization(Weighted):
    """Normalize every group of channels of every sample over all positions, then scale and shift. [Wu and He, 2018]

    Parameters
    ----------
    groups : int
        -1 stands for one group a channel, which is instance normalization.
    axis : int
        The axis of channels.
    epsilon : float
    center, scale : bool
    beta_initializer, gamma_initializer : str or callable
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> GroupNormalization(groups=1, epsilon=0.0)(np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        self.groups, self.axis, self.epsilon = groups, axis, epsilon
        self.center, self.scale = center, scale
        self._describe("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self._describe("beta", beta_initializer, beta_regularizer, beta_constraint)

    def build(self, input_shape: tuple) -> None:
        channels = input_shape[self.axis]
        if channels is None:
            raise ShapeError("the number of channels must be known", layer=self.name, got=str(input_shape))
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ShapeError(
                "the channels must divide evenly among the groups",
                layer=self.name,
                got=f"{channels} channels, {self.groups} groups",
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.gamma = self._create("gamma", (channels,)) if self.scale else None
        self.beta = self._create("beta", (channels,)) if self.center else None

    def call(self, inputs: Any) -> Any:
        x = ops.moveaxis(inputs, self.axis, -1)
        sizes = x.shape
        x = ops.reshape(x, (-1, *sizes[1:-1], self.groups, sizes[-1] // self.groups))
        reduced = (*range(1, x.ndim - 2), x.ndim - 1)
        mean, variance = ops.moments(x, reduced, keepdims=True)
        x = (x - mean) * ops.rsqrt(variance + self.epsilon)
        x = ops.reshape(x, (-1, *sizes[1:]))
        if self.scale:
            x = x * self.gamma
        if self.center:
            x = x + self.beta
        return ops.moveaxis(x, -1, self.axis)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "groups": self.groups,
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **self._described("beta", "gamma"),
        }
