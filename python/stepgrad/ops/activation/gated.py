"""What the references of x * sigmoid(v(x)) share: silu is v = x, gelu with tanh another v."""

from __future__ import annotations

import numpy as np


def stable_sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), for negative x as exp(x) / (1 + exp(x)): nothing overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, np.ones((), x.dtype)) / (1 + e)


def gated_slope(x: np.ndarray, v: np.ndarray, slope_of_v: np.ndarray) -> np.ndarray:
    """Return the slope of x sigmoid(v): s + x v' s (1 - s), where s (1 - s) = e / (1 + e)^2 keeps its digits in both tails."""
    e = np.exp(-np.abs(v))
    return stable_sigmoid(v) + x * slope_of_v * (e / ((1 + e) * (1 + e)))
