"""mish: x times the tanh of its softplus."""

from __future__ import annotations

from stepgrad.ops.activation.softplus import softplus
from stepgrad.tape.state import public


def mish(x):
    """x * tanh(softplus(x)).

    Source: Misra 2019, arXiv:1908.08681.

    Examples
    --------
    >>> round(mish([1.0]).item(), 4)
    0.8651
    """
    return public["multiply"](x, public["tanh"](softplus(x)))
