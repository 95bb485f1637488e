"""Cases of stepgrad.ops.control: the op behind custom_gradient. Loops and branches: test_against_keras.py."""

import numpy as np

from ops.harness import Case, x32
from stepgrad import ops


@ops.custom_gradient
def _softplus(x):
    e = ops.exp(x)
    return ops.log(1.0 + e), lambda upstream: upstream * (1.0 - 1.0 / (1.0 + e))


@ops.custom_gradient
def _two(x):
    return (x, x), lambda upstream: upstream


CASES = [
    Case(
        "custom_gradient",
        _softplus,
        expected=lambda x: np.log1p(np.exp(x)),
        shapes=[((0,),), ((7,),)],
        second_order=False,
        why="the user's function gives the first derivative only",
        errors=[(lambda: _two(x32(2)), "one value")],
    )
]
