"""layer_normalization, rms_normalization, normalize: every sample by its own size."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError
from stepgrad.ops.normalization.along import or_neutral, over_axes
from stepgrad.ops.normalization.fused import layer_norm
from stepgrad.ops.normalization.rms_norm import rms_norm
from stepgrad.ops.op import normalize_axes, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: int | tuple[int, ...] = -1,
    epsilon: float | None = None,
) -> Tensor:
    """Normalize every sample by its own mean and variance: gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    Ba, Kiros and Hinton, "Layer Normalization", 2016.

    Parameters
    ----------
    x : tensor of any shape
    gamma, beta : tensors with the sizes of `axis`, optional
    axis : int or tuple of int
        Over which the statistics are taken.
    epsilon : float, optional
        Default `config.epsilon()`.

    Returns
    -------
    tensor with the shape of `x`

    Examples
    --------
    >>> layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
    [[-1.0, 1.0]]
    """
    x = to_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    gamma, beta = (
        None if v is None else over_axes(v, x, axes, "layer_normalization", what)
        for v, what in ((gamma, "gamma"), (beta, "beta"))
    )
    if axes == (x.ndim - 1,) and all(v is None or v.ndim == 1 for v in (gamma, beta)):
        return layer_norm(x, *or_neutral(gamma, beta, x), epsilon=_or_default(epsilon))[0]
    away = x - public["mean"](x, axes, True)
    variance = public["mean"](public["square"](away), axes, True)
    y = away * public["rsqrt"](variance + _or_default(epsilon))
    if gamma is not None:
        y = y * gamma
    return y if beta is None else y + beta


def rms_normalization(
    x: Any, scale: Any = None, axis: int | tuple[int, ...] = -1, epsilon: float | None = None
) -> Tensor:
    """Divide every sample by its root mean square: scale * x / sqrt(mean(x^2) + epsilon).

    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    Parameters
    ----------
    x : tensor of any shape
    scale : tensor with the sizes of `axis`, optional
    axis : int or tuple of int
    epsilon : float, optional
        Default `config.epsilon()`.

    Returns
    -------
    tensor with the shape of `x`

    Examples
    --------
    >>> rms_normalization([[2.0, -2.0]], epsilon=0.0).tolist()
    [[1.0, -1.0]]
    """
    x = to_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if scale is not None:
        scale = over_axes(scale, x, axes, "rms_normalization", "scale")
    if axes == (x.ndim - 1,) and (scale is None or scale.ndim == 1):
        return rms_norm(x, or_neutral(scale, None, x)[0], epsilon=_or_default(epsilon))[0]
    y = x * public["rsqrt"](public["mean"](public["square"](x), axes, True) + _or_default(epsilon))
    return y if scale is None else y * scale


def normalize(
    x: Any, axis: int | tuple[int, ...] = -1, order: int = 2, epsilon: float | None = None
) -> Tensor:
    """Divide by the norm along `axis`: x / max(norm(x), epsilon). The gradient at 0 is finite.

    Parameters
    ----------
    x : tensor of any shape
    axis : int or tuple of int
    order : int
        The power in the norm, at least 1.
    epsilon : float, optional
        Default `config.epsilon()`.

    Returns
    -------
    tensor with the shape of `x`

    Examples
    --------
    >>> print([round(v, 4) for v in normalize([3.0, 4.0]).tolist()])
    [0.6, 0.8]
    """
    if not isinstance(order, int) or order < 1:
        raise ArgumentError(
            "there is no such norm", op="normalize", expected="an int of at least 1", got=f"order={order!r}"
        )
    x = to_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    # The bound goes in before the root: the root of 0 has no gradient, and a bound of 0 would not be one.
    least = max(_or_default(epsilon) ** order, float(np.finfo(np.float32).tiny))
    if order == 2:
        return x * public["rsqrt"](public["maximum"](public["square"](x).sum(axes, True), least))
    total = public["maximum"]((abs(x) ** order).sum(axes, True), least)
    return x / total ** (1.0 / order)


def _or_default(epsilon):
    return config.epsilon() if epsilon is None else epsilon
