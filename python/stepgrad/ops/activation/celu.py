"""celu: elu with a slope that does not jump at 0, whatever alpha."""

from __future__ import annotations

from stepgrad.ops.activation.elu import elu
from stepgrad.tape.state import public


def celu(x, alpha=1.0):
    """Continuously differentiable elu: alpha * elu(x / alpha).

    Source: Barron 2017, arXiv:1704.07483.

    Examples
    --------
    >>> celu([0.0, 2.0], alpha=2.0).tolist()
    [0.0, 2.0]
    """
    return elu(x) if alpha == 1 else elu(public["divide"](x, float(alpha))) * float(alpha)
