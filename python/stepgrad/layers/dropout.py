"""Dropout: while training, set a random part of the inputs to zero."""

from __future__ import annotations

from typing import Any

from stepgrad import random
from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Dropout(Layer):
    """Set entries to zero with probability `rate` and scale the others by 1 / (1 - rate), so that the mean stays.

    Outside of training the input passes unchanged. [Srivastava et al., 2014]

    Parameters
    ----------
    rate : float
        Between 0 and 1.
    noise_shape : tuple, optional
        Shape of the mask; an axis of size 1 drops whole slices, None takes the input's size.
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dropout(0.5, seed=0)
    >>> x = np.ones((1, 4))
    >>> layer(x).tolist(), sorted(set(layer(np.ones((1, 100)), training=True).numpy()[0].tolist()))
    ([[1.0, 1.0, 1.0, 1.0]], [0.0, 2.0])
    """

    def __init__(self, rate: float, noise_shape: tuple | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise ArgumentError("the rate of a Dropout lies between 0 and 1", layer=self.name, got=f"{rate=}")
        self.rate, self.seed = rate, seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape}
