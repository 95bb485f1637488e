"""Gradients before the update: those that are there, and not too long."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import GradientError, ShapeError
from stepgrad.tape import Tensor, Variable


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


def with_values(
    grads: Sequence[Any], variables: Sequence[Variable], warned: set[str]
) -> tuple[list[np.ndarray], list[Variable]]:
    """Drop the variables without a gradient, with one warning."""
    missing = [v.path for g, v in zip(grads, variables) if g is None]
    if len(missing) == len(grads):
        raise GradientError(
            "no variable got a gradient",
            got=", ".join(missing[:5]),
            fix="compute the loss from the model's outputs inside the tape, with stepgrad.ops and not with numpy()",
        )
    if missing and not warned.issuperset(missing):
        warned.update(missing)
        warnings.warn(
            f"the loss does not depend on {', '.join(missing)}: left unchanged. Are these layers used, and "
            "are all outputs part of the loss?",
            stacklevel=3,
        )
    kept = [(_array(g), v) for g, v in zip(grads, variables) if g is not None]
    for g, v in kept:
        if g.shape != v.shape:
            raise ShapeError(
                f"the gradient of '{v.path}' has a wrong shape", expected=str(v.shape), got=str(g.shape)
            )
    return [g for g, _ in kept], [v for _, v in kept]


def _array(gradient: Any) -> np.ndarray:
    return gradient.array if isinstance(gradient, Tensor) else np.asarray(gradient)
