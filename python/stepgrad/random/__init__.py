"""Random numbers with Keras's names, as NumPy arrays.

A seed is an integer (the same numbers on every call), a `SeedGenerator` (the next numbers on every call) or None (the
next numbers of the default generator, which `set_seed` restarts). Each draw runs NumPy's counter-based Philox with the
key ``(seed, number of the draw)``: the whole state of a generator is two integers, and a resumed run goes on exactly
where it stopped.
"""

from stepgrad.random.draws import (
    bernoulli,
    beta,
    binomial,
    categorical,
    dropout,
    gamma,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)
from stepgrad.random.seed_generator import (
    SeedGenerator,
    default_generator,
    get_state,
    make_default_seed,
    set_seed,
    set_state,
)

__all__ = [
    "SeedGenerator",
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "default_generator",
    "dropout",
    "gamma",
    "get_state",
    "make_default_seed",
    "normal",
    "randint",
    "set_seed",
    "set_state",
    "shuffle",
    "truncated_normal",
    "uniform",
]
