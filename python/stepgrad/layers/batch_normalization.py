"""BatchNormalization: every channel with mean 0 and variance 1 over the batch."""

from __future__ import annotations

from typing import Any

from stepgrad import config, ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import Weighted, refuse
from stepgrad.ops.normalization.along import or_neutral
from stepgrad.ops.normalization.fused import batch_norm
from stepgrad.tape import no_grad


@LAYERS.register
class BatchNormalization(Weighted):
    """Normalize every channel by the batch while training, by moving averages otherwise; then scale and shift.

    While training, ``moving = moving * momentum + batch * (1 - momentum)`` for the mean and the (biased) variance.
    With ``trainable = False`` the layer always uses the moving averages, as in Keras. [Ioffe and Szegedy, 2015]

    Parameters
    ----------
    axis : int
        The axis of the channels.
    momentum, epsilon : float
    center, scale : bool
        Whether to add beta and to multiply with gamma.
    beta_initializer, gamma_initializer : str or callable
    moving_mean_initializer, moving_variance_initializer : str or callable
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = BatchNormalization(epsilon=0.0)
    >>> layer(np.array([[1.0], [3.0]]), training=True).tolist()
    [[-1.0], [1.0]]
    >>> round(layer.moving_mean.numpy().item(), 4)
    0.02
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        refuse(self, renorm=renorm, renorm_clipping=renorm_clipping, synchronized=synchronized)
        self.axis = int(axis)
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.center, self.scale = center, scale
        self._describe("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self._describe("beta", beta_initializer, beta_regularizer, beta_constraint)
        self._describe("moving_mean", moving_mean_initializer, None, None)
        self._describe("moving_variance", moving_variance_initializer, None, None)

    def build(self, input_shape: tuple) -> None:
        axis = self.axis if self.axis < 0 else self.axis - len(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: input_shape[axis]})
        shape = (input_shape[axis],)
        self.gamma = self._create("gamma", shape) if self.scale else None
        self.beta = self._create("beta", shape) if self.center else None
        self.moving_mean = self._create("moving_mean", shape, trainable=False)
        self.moving_variance = self._create("moving_variance", shape, trainable=False)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not (training and self.trainable):
            return self._normalize(inputs, self.moving_mean, self.moving_variance)
        channels = self.axis % inputs.ndim
        if mask is not None:
            mean, variance = self._moments_of_what_counts(inputs, mask, channels)
            y = self._normalize(inputs, mean, variance)
        elif channels == inputs.ndim - 1:
            y, mean, variance = batch_norm(
                inputs, *or_neutral(self.gamma, self.beta, inputs), epsilon=self.epsilon
            )
        else:
            mean, variance = ops.moments(inputs, tuple(a for a in range(inputs.ndim) if a != channels))
            y = self._normalize(inputs, mean, variance)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return y

    def _moments_of_what_counts(self, inputs: Any, mask: Any, channels: int) -> tuple[Any, Any]:
        axes = tuple(a for a in range(inputs.ndim) if a != channels)
        counts = ops.logical_and(ops.expand_dims(mask, -1), ops.ones_like(inputs, dtype="bool"))
        total = ops.sum(ops.cast(counts, inputs.dtype), axes, True) + config.epsilon()
        mean = ops.sum(ops.where(counts, inputs, 0.0), axes, True) / total
        away = ops.where(counts, inputs - mean, 0.0)
        variance = ops.sum(ops.square(away), axes, True) / total
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def _normalize(self, inputs: Any, mean: Any, variance: Any) -> Any:
        return ops.batch_normalization(inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon)

    def _move(self, average: Any, value: Any) -> None:
        with no_grad():
            average.assign(average * self.momentum + value * (1.0 - self.momentum))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        described = self._described("beta", "gamma", "moving_mean", "moving_variance")
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **{
                word: value
                for word, value in described.items()
                if value is not None or not word.startswith("moving")
            },
        }
