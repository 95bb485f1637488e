"""The base of all initializers, and of those that draw random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.random import SeedGenerator, make_default_seed
from stepgrad.random.seed_generator import check_seed
from stepgrad.utils.serialization import Registry, deserialize_object, serialize_object

INITIALIZERS = Registry("initializers")


@INITIALIZERS.register
class Initializer:
    """A function from a shape to start values, which can be saved.

    Examples
    --------
    >>> import numpy as np
    >>> class Ramp(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return np.arange(np.prod(shape), dtype=dtype or "float32").reshape(shape)
    >>> Ramp()((2, 2)).tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return an array of this shape, of dtype ``config.floatx()`` unless another is given."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, shape, dtype=None)")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as a JSON-able dict."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Make one from what `get_config` returned."""
        return cls(**config)

    def clone(self) -> Initializer:
        """Return a new one with the same config; without a seed it draws other numbers."""
        return self.from_config(self.get_config())

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class RandomInitializer(Initializer):
    """Base of the random ones.

    As in Keras, one initializer gives the same numbers on every call, also without a seed, which is then drawn once;
    a `SeedGenerator` as seed gives other numbers on every call.
    """

    def __init__(self, seed: int | SeedGenerator | dict[str, Any] | None = None):
        if isinstance(seed, dict):
            seed = deserialize_object(seed)
        self._init_seed = seed if seed is None or isinstance(seed, SeedGenerator) else check_seed(seed)
        self.seed = make_default_seed() if seed is None else self._init_seed

    def get_config(self) -> dict[str, Any]:
        return {"seed": serialize_object(self._init_seed)}
