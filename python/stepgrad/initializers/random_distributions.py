"""Random initializers with a spread that the caller chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import random
from stepgrad.initializers.initializer import INITIALIZERS, RandomInitializer


@INITIALIZERS.register("normal")
class RandomNormal(RandomInitializer):
    """The normal distribution.

    Examples
    --------
    >>> RandomNormal(stddev=0.1, seed=0)((3, 2)).shape
    (3, 2)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


@INITIALIZERS.register
class TruncatedNormal(RandomNormal):
    """The normal distribution, drawn again where it is more than two ``stddev`` from ``mean``.

    Examples
    --------
    >>> bool(abs(TruncatedNormal(stddev=1.0, seed=0)((100,))).max() < 2)
    True
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


@INITIALIZERS.register("uniform")
class RandomUniform(RandomInitializer):
    """Evenly from ``[minval, maxval)``.

    Examples
    --------
    >>> bool(abs(RandomUniform(seed=0)((100,))).max() <= 0.05)
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None):
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}
