"""Initializers without randomness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ShapeError
from stepgrad.initializers.initializer import INITIALIZERS, Initializer


@INITIALIZERS.register("zero")
class Zeros(Initializer):
    """All zeros.

    Examples
    --------
    >>> Zeros()((2,)).tolist()
    [0.0, 0.0]
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.zeros(tuple(shape), dtype or config.floatx())


@INITIALIZERS.register("one")
class Ones(Initializer):
    """All ones.

    Examples
    --------
    >>> Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.ones(tuple(shape), dtype or config.floatx())


@INITIALIZERS.register
class Constant(Initializer):
    """All the same ``value``.

    Examples
    --------
    >>> Constant(0.5)((2,)).tolist()
    [0.5, 0.5]
    """

    def __init__(self, value: float = 0.0):
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.full(tuple(shape), self.value, dtype or config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


@INITIALIZERS.register("IdentityInitializer")
class Identity(Initializer):
    """``gain`` on the diagonal of a matrix, zeros elsewhere.

    Examples
    --------
    >>> Identity(2.0)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        if len(shape) != 2:
            raise ShapeError(
                "Identity makes matrices only", expected="(rows, columns)", got=str(tuple(shape))
            )
        matrix = np.eye(*shape, dtype=np.dtype(dtype or config.floatx()))
        return matrix * matrix.dtype.type(self.gain)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
