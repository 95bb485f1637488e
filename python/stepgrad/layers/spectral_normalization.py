"""SpectralNormalization: keeps the slope of the layer that it wraps small."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.wrapper import Wrapper


@LAYERS.register
class SpectralNormalization(Wrapper):
    """Divide the kernel of a layer by its largest singular value, which a power iteration follows. [Miyato et al., 2018]

    Parameters
    ----------
    layer : Layer
        With a `kernel` or `embeddings`.
    power_iterations : int
        Rounds for each call in training.

    Examples
    --------
    >>> import numpy as np
    >>> from stepgrad import layers
    >>> layer = SpectralNormalization(layers.Dense(3, use_bias=False), power_iterations=20)
    >>> _ = layer(np.ones((2, 4)), training=True)
    >>> s = np.linalg.svd(layer.layer.kernel.numpy(), compute_uv=False)
    >>> round(float(s[0]), 3)
    1.0
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ArgumentError(
                "power_iterations must be positive", layer=self.name, got=str(power_iterations)
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.kernel: Any = next(
            (getattr(self.layer, w) for w in ("kernel", "embeddings") if hasattr(self.layer, w)), None
        )
        if self.kernel is None:
            raise ArgumentError(
                "there is nothing to normalize",
                layer=self.name,
                expected="a layer with a kernel",
                got=type(self.layer).__name__,
            )
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]), "truncated_normal", trainable=False, name="vector_u"
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self._normalize()
        return self.layer(inputs)

    def _normalize(self) -> None:
        w = ops.reshape(ops.stop_gradient(self.kernel), (-1, self.kernel.shape[-1]))
        u = ops.stop_gradient(self.vector_u)
        for _ in range(self.power_iterations):
            v = ops.normalize(u @ ops.transpose(w), axis=None)
            u = ops.normalize(v @ w, axis=None)
        sigma = v @ w @ ops.transpose(u)
        self.vector_u.assign(u)
        self.kernel.assign(self.kernel / ops.reshape(sigma, ()))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}
