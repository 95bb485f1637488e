"""gcd and lcm: what integers share."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.bitwise.bits import Whole
from stepgrad.tape.tensor import Tensor


class Gcd(Whole):
    formula = r"y = \max\{d : d \mid a,\ d \mid b\}"
    ufunc = np.gcd


class Lcm(Whole):
    formula = r"y = \min\{m > 0 : a \mid m,\ b \mid m\}"
    ufunc = np.lcm


_gcd = Gcd()
_lcm = Lcm()


def gcd(x1: Any, x2: Any) -> Tensor:
    """Greatest common divisor.

    Examples
    --------
    >>> gcd([12, 7], 8).tolist()
    [4, 1]
    """
    return _gcd(x1, x2)


def lcm(x1: Any, x2: Any) -> Tensor:
    """Least common multiple.

    Examples
    --------
    >>> lcm([4, 7], 6).tolist()
    [12, 42]
    """
    return _lcm(x1, x2)
