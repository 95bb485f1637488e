"""Where seeds come from: SeedGenerator and the default one."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.utils.serialization import Registry

RANDOM = Registry("random")
_MASK = 2**64 - 1  # a Philox key is two 64-bit words; a negative seed wraps around


@RANDOM.register
class SeedGenerator:
    """A source of random numbers that remembers how often it was asked.

    Parameters
    ----------
    seed : int, optional
        Without one, a seed is drawn from the default generator.
    name : str, optional
        Kept for the reader; it has no effect.

    Examples
    --------
    >>> from stepgrad import random
    >>> source = random.SeedGenerator(42)
    >>> first, second = random.uniform((), seed=source), random.uniform((), seed=source)
    >>> bool(first == random.uniform((), seed=42)), bool(first == second)
    (True, False)
    >>> source.get_state()
    {'seed': 42, 'count': 2}
    """

    def __init__(self, seed: int | None = None, name: str | None = None):
        self.name = name
        self._initial_seed = None if seed is None else check_seed(seed)
        self.seed: int = make_default_seed() if self._initial_seed is None else self._initial_seed
        self.count = 0

    def next(self) -> np.random.Generator:
        """Return the NumPy generator of the next draw."""
        return _philox(self.next_key())

    def next_key(self) -> tuple[int, int]:
        """Return the key of the next draw, two 64-bit words that fix all its numbers."""
        key = _key(self.seed, self.count)
        self.count += 1
        return key

    def get_state(self) -> dict[str, int]:
        """Return everything needed to go on from here, as a JSON-able dict."""
        return {"seed": self.seed, "count": self.count}

    def set_state(self, state: dict[str, int]) -> None:
        """Go on from a state that `get_state` returned."""
        if set(state) != {"seed", "count"}:
            raise ArgumentError(
                "this is not the state of a SeedGenerator",
                expected="{'seed': int, 'count': int}",
                got=repr(state),
            )
        self.seed, self.count = check_seed(state["seed"]), check_seed(state["count"])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Make one from what `get_config` returned, at its first draw."""
        return cls(**config)


def check_seed(seed: Any) -> int:
    """Return a seed as a Python int."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ArgumentError("a seed must be an integer", got=f"{seed!r} of type {type(seed).__name__}")
    return int(seed)


def generator_of(seed: int | SeedGenerator | None) -> np.random.Generator:
    """Return the NumPy generator that a ``seed`` argument means."""
    return _philox(key_of(seed))


def key_of(seed: int | SeedGenerator | None) -> tuple[int, int]:
    """Return the key that a ``seed`` argument means: of the next draw, where it is a source of many."""
    if seed is None:
        return _default.next_key()
    if isinstance(seed, SeedGenerator):
        return seed.next_key()
    return _key(check_seed(seed), 0)


def _key(seed: int, count: int) -> tuple[int, int]:
    return seed & _MASK, count & _MASK


def _philox(key: tuple[int, int]) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))


def default_generator() -> SeedGenerator:
    """Return the generator that is used where no seed is given."""
    return _default


def make_default_seed() -> int:
    """Draw a seed from the default generator."""
    return int(_default.next().integers(1, 2**31))


def set_seed(seed: int) -> None:
    """Restart the default generator, the one that is used where no seed is given.

    Examples
    --------
    >>> from stepgrad import random
    >>> random.set_seed(7)
    >>> a = random.normal((3,))
    >>> random.set_seed(7)
    >>> bool((a == random.normal((3,))).all())
    True
    """
    _default.set_state({"seed": check_seed(seed), "count": 0})


def get_state() -> dict[str, int]:
    """Return the state of the default generator, to be saved with a checkpoint."""
    return _default.get_state()


def set_state(state: dict[str, int]) -> None:
    """Let the default generator go on from a state that `get_state` returned."""
    _default.set_state(state)


_default = SeedGenerator(int.from_bytes(os.urandom(8)) >> 1)
