"""soft_shrink, hard_shrink, tanh_shrink, threshold: functions that make small entries 0."""

from __future__ import annotations

from stepgrad.tape.state import public
from stepgrad.tape.tensor import as_tensor


def soft_shrink(x, threshold=0.5):
    """Move every entry towards 0 by `threshold`, but not past it.

    Examples
    --------
    >>> soft_shrink([-1.0, 0.25, 2.0]).tolist()
    [-0.5, 0.0, 1.5]
    """
    return public["subtract"](x, public["clip"](x, -float(threshold), float(threshold)))


def hard_shrink(x, threshold=0.5):
    """Make entries between -threshold and threshold 0.

    Examples
    --------
    >>> hard_shrink([-1.0, 0.25, 2.0]).tolist()
    [-1.0, 0.0, 2.0]
    """
    return public["where"](public["abs"](x) > float(threshold), x, 0.0)


def tanh_shrink(x):
    """x - tanh(x).

    Examples
    --------
    >>> tanh_shrink([0.0]).tolist()
    [0.0]
    """
    return public["subtract"](x, public["tanh"](x))


def threshold(x, threshold, default_value):
    """Keep entries above `threshold` and put `default_value` in the place of the others.

    Examples
    --------
    >>> threshold([-1.0, 2.0], 0.0, 5.0).tolist()
    [5.0, 2.0]
    """
    x = x if hasattr(x, "dtype") else as_tensor(x)
    return public["where"](public["greater"](x, float(threshold)), x, float(default_value))
