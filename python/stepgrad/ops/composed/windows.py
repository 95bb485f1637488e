"""Window functions for signals, and sequences of numbers: constants, made by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.ops.composed.statistics import values_of
from stepgrad.tape.tensor import Tensor, wrap


def _window(make: Any, name: str, x: Any, *more: float) -> Tensor:
    size = int(values_of(name, x))
    return wrap(make(size, *more).astype(config.floatx()))


def bartlett(x: int) -> Tensor:
    """A triangle of x points, 0 at both ends.

    Examples
    --------
    >>> bartlett(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window(np.bartlett, "bartlett", x)


def blackman(x: int) -> Tensor:
    """Blackman's sum of two cosines, x points.

    Examples
    --------
    >>> blackman(3).shape
    (3,)
    """
    return _window(np.blackman, "blackman", x)


def hamming(x: int) -> Tensor:
    """Hamming's raised cosine, x points, 0.08 at both ends.

    Examples
    --------
    >>> hamming(3).shape
    (3,)
    """
    return _window(np.hamming, "hamming", x)


def hanning(x: int) -> Tensor:
    """Hann's raised cosine, x points, 0 at both ends.

    Examples
    --------
    >>> hanning(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window(np.hanning, "hanning", x)


def kaiser(x: int, beta: float) -> Tensor:
    """Kaiser's window, x points; the larger beta, the narrower.

    Examples
    --------
    >>> kaiser(3, 0.0).tolist()
    [1.0, 1.0, 1.0]
    """
    return _window(np.kaiser, "kaiser", x, float(values_of("kaiser", beta)))


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: str | None = None,
    axis: int = 0,
) -> Tensor:
    """Return `num` powers of `base`, their exponents at equal distances from `start` to `stop`.

    Examples
    --------
    >>> logspace(0, 2, 3).tolist()
    [1.0, 10.0, 100.0]
    """
    first, last = values_of("logspace", start), values_of("logspace", stop)
    return wrap(np.logspace(first, last, num, endpoint, base, dtype or config.floatx(), axis))


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: str | None = None, axis: int = 0
) -> Tensor:
    """Return `num` numbers from `start` to `stop`, each the same multiple of the one before.

    Examples
    --------
    >>> geomspace(1, 4, 3).tolist()
    [1.0, 2.0, 4.0]
    """
    first, last = values_of("geomspace", start), values_of("geomspace", stop)
    return wrap(np.geomspace(first, last, num, endpoint, dtype or config.floatx(), axis))


def tri(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones on and below the k-th diagonal, zeros above.

    Examples
    --------
    >>> tri(2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return wrap(np.tri(N, M, k, dtype or config.floatx()))


def empty(shape: Any, dtype: str | None = None) -> Tensor:
    """Return a tensor whose entries mean nothing yet: zeros.

    Examples
    --------
    >>> empty((2, 3)).shape
    (2, 3)
    """
    return wrap(np.zeros(shape, dtype or config.floatx()))


def empty_like(x: Any, dtype: str | None = None) -> Tensor:
    """Return `empty` in the shape and dtype of `x`.

    Examples
    --------
    >>> empty_like([1, 2]).shape
    (2,)
    """
    from stepgrad.ops.words import ops

    return ops.zeros_like(x, dtype)
