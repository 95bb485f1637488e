"""GaussianNoise, GaussianDropout and AlphaDropout: noise while training, nothing afterwards."""

from __future__ import annotations

import math
from typing import Any

from stepgrad import random
from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import LAYERS, Layer


class Noise(Layer):
    """A layer with one number, `word`, and a random source."""

    word = "rate"
    supports_masking = True

    def __init__(self, amount: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        highest = 1.0 if self.word == "rate" else math.inf
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= highest:
            raise ArgumentError(
                f"the {self.word} of a {type(self).__name__} lies between 0 and {highest:g}",
                layer=self.name,
                got=f"{self.word}={amount!r}",
            )
        setattr(self, self.word, amount)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), self.word: getattr(self, self.word), "seed": self.seed}


@LAYERS.register
class GaussianNoise(Noise):
    """Add normal noise while training.

    Parameters
    ----------
    stddev : float
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> GaussianNoise(0.1)(np.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """

    word = "stddev"
    stddev: float

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any):
        super().__init__(stddev, seed, **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.stddev:
            return inputs
        noise = random.normal(inputs.shape, 0.0, self.stddev, self.compute_dtype, self.seed_generator)
        return inputs + noise


@LAYERS.register
class GaussianDropout(Noise):
    """Multiply with normal noise around 1, of variance rate / (1 - rate), while training. [Srivastava et al., 2014]

    Parameters
    ----------
    rate : float
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> GaussianDropout(0.5)(np.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """

    rate: float

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.rate:
            return inputs
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return inputs * random.normal(inputs.shape, 1.0, stddev, self.compute_dtype, self.seed_generator)


@LAYERS.register
class AlphaDropout(Noise):
    """Dropout that keeps mean 0 and variance 1 behind selu: dropped entries take selu's lowest value. [Klambauer et al., 2017]

    Parameters
    ----------
    rate : float
    noise_shape : tuple, optional
        Shape of the mask; None in it takes the input's size.
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> AlphaDropout(0.5)(np.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """

    rate: float

    def __init__(self, rate: float, noise_shape: tuple | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.rate:
            return inputs
        lowest = -1.7580993408473766  # -alpha * scale of selu
        shape = self.noise_shape or inputs.shape
        shape = tuple(n if asked is None else asked for asked, n in zip(shape, inputs.shape, strict=True))
        keep = random.bernoulli(shape, 1 - self.rate, self.compute_dtype, self.seed_generator)
        a = 1 / math.sqrt((1 - self.rate) * (1 + self.rate * lowest**2))
        return (inputs * keep + (1 - keep) * lowest) * a - a * lowest * self.rate

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "noise_shape": self.noise_shape}
