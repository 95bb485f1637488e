"""Clipping: keep gradients from becoming too long."""

from __future__ import annotations

import math

import numpy as np


def clip(
    grads: list[np.ndarray],
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
) -> list[np.ndarray]:
    """Bound each gradient's norm, each entry, or the norm of all gradients together.

    Examples
    --------
    >>> clip([np.array([3.0, 4.0])], clipnorm=1.0)[0].tolist()
    [0.6000000000000001, 0.8]
    """
    if clipnorm:
        with np.errstate(invalid="ignore"):  # infinity becomes NaN, which the weights then show
            return [g * (clipnorm / max(norm(g), clipnorm)) for g in grads]
    if global_clipnorm:
        total = math.hypot(*(norm(g) for g in grads))
        # A total that is not finite must reach the weights as NaN: clipping it to 0 would hide that training has broken.
        scale = global_clipnorm / max(total, global_clipnorm) if math.isfinite(total) else math.nan
        return [g * scale for g in grads]
    if clipvalue:
        return [np.clip(g, -clipvalue, clipvalue) for g in grads]
    return grads


def norm(g: np.ndarray) -> float:
    """Return the Euclidean norm of all entries."""
    return float(np.linalg.norm(g.reshape(-1)))
