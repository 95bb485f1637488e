"""hard_sigmoid and hard_silu: sigmoid and silu made of straight lines."""

from __future__ import annotations

from stepgrad.ops.activation.relu6 import relu6
from stepgrad.tape.state import public


def hard_sigmoid(x):
    """Sigmoid made of straight lines: relu6(x + 3) / 6.

    Examples
    --------
    >>> hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return relu6(public["add"](x, 3.0)) / 6.0


def hard_silu(x):
    """Silu made of straight lines: x * hard_sigmoid(x).

    Source: Howard et al. 2019, arXiv:1905.02244.

    Examples
    --------
    >>> hard_silu([0.0, 1.5, 3.0]).tolist()
    [0.0, 1.125, 3.0]
    """
    return public["multiply"](x, hard_sigmoid(x))


hard_swish = hard_silu
