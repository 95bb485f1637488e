"""selu: elu with the two constants that keep mean 0 and variance 1."""

from __future__ import annotations

from stepgrad.ops.activation.elu import elu

ALPHA = 1.6732632423543772
SCALE = 1.0507009873554805


def selu(x):
    """Scaled exponential linear unit: 1.0507 * elu(x, alpha=1.6733).

    Source: Klambauer et al. 2017, arXiv:1706.02515.

    Examples
    --------
    >>> round(selu([1.0]).item(), 4)
    1.0507
    """
    return elu(x, alpha=ALPHA) * SCALE
