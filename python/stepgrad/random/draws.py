"""The distributions: each function draws an array of a shape from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from stepgrad import config, device_arrays, kernels
from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.random.dropout_mask import DropoutMask
from stepgrad.random.seed_generator import SeedGenerator, generator_of, key_of
from stepgrad.tape.recording import drawn

Seed = int | SeedGenerator | None


def _float_dtypes(dtype: Any) -> tuple[np.dtype, np.dtype]:
    """Return (what to return, what to draw in): NumPy draws float32 and float64 only."""
    wanted = np.dtype(dtype or config.floatx())
    if wanted.kind in "iub?":
        raise DTypeError("random real numbers need a float dtype", got=wanted.name, fix="use random.randint")
    return wanted, np.dtype(np.float64 if wanted == np.float64 else np.float32)


def _finished(values: Any, wanted: np.dtype) -> np.ndarray:
    """Return an array of the wanted dtype, also for shape (), where NumPy's arithmetic leaves arrays."""
    return np.asarray(values).astype(wanted, copy=False)


@drawn
def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None
) -> np.ndarray:
    """Draw from the normal distribution.

    Examples
    --------
    >>> normal((2, 3), seed=0).shape
    (2, 3)
    """
    wanted, drawn = _float_dtypes(dtype)
    values = np.asarray(generator_of(seed).standard_normal(tuple(shape), dtype=drawn))
    return _finished(values * drawn.type(stddev) + drawn.type(mean), wanted)


@drawn
def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None
) -> np.ndarray:
    """Draw from the normal distribution without what lies more than two ``stddev`` from ``mean``.

    Values outside are drawn again until none is left.

    Examples
    --------
    >>> bool(abs(truncated_normal((1000,), seed=0)).max() < 2)
    True
    """
    wanted, drawn = _float_dtypes(dtype)
    generator = generator_of(seed)
    values = np.asarray(generator.standard_normal(tuple(shape), dtype=drawn))
    flat = values.reshape(-1)
    outside = np.flatnonzero(np.abs(flat) >= 2)
    while outside.size:
        flat[outside] = generator.standard_normal(outside.size, dtype=drawn)
        outside = outside[np.abs(flat[outside]) >= 2]
    return _finished(values * drawn.type(stddev) + drawn.type(mean), wanted)


@drawn
def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Seed = None
) -> np.ndarray:
    """Draw evenly from ``[minval, maxval)``.

    Examples
    --------
    >>> x = uniform((100,), -1, 1, seed=0)
    >>> bool(x.min() >= -1), bool(x.max() < 1), x.dtype.name
    (True, True, 'float32')
    """
    wanted, drawn = _float_dtypes(dtype)
    low, high = drawn.type(minval), drawn.type(maxval)
    values = np.asarray(generator_of(seed).random(tuple(shape), dtype=drawn)) * (high - low) + low
    values = _finished(values, wanted)
    low, high = wanted.type(minval), wanted.type(maxval)
    if high > low:  # the sum, or the cast to a narrower type, may round up to the end that is excluded
        values = np.asarray(np.minimum(values, np.nextafter(high, low)))
    return values


@drawn
def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int32", seed: Seed = None
) -> np.ndarray:
    """Draw integers evenly from ``minval`` to ``maxval - 1``.

    Examples
    --------
    >>> sorted(set(randint((100,), 3, 6, seed=0).tolist()))
    [3, 4, 5]
    """
    if maxval <= minval:
        raise ArgumentError(
            "there is no integer to draw", expected="minval < maxval", got=f"{minval}, {maxval}"
        )
    return np.asarray(generator_of(seed).integers(minval, maxval, tuple(shape), dtype="int64")).astype(dtype)


@drawn
def bernoulli(shape: Sequence[int], p: float, dtype: Any = None, seed: Seed = None) -> np.ndarray:
    """Draw ones with probability ``p`` and zeros otherwise: a mask.

    Examples
    --------
    >>> sorted(set(bernoulli((100,), 0.5, seed=0).tolist()))
    [0.0, 1.0]
    """
    if not 0 <= p <= 1:
        raise ArgumentError("a probability must lie between 0 and 1", got=f"p={p}")
    # both sides are float32, as the draws are: p=1 must keep everything and p=0 nothing
    chosen = generator_of(seed).random(tuple(shape), dtype=np.float32) < np.float32(p)
    return np.asarray(chosen).astype(dtype or config.floatx())


def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None
) -> Any:
    """Set a part ``rate`` of the inputs to zero and divide the rest by ``1 - rate``.

    Parameters
    ----------
    inputs : array or Tensor
        Only its shape, dtype and product are used, so that a Tensor stays on the tape.
    rate : float in [0, 1]
    noise_shape : sequence of int or None, optional
        Shape of the mask, which is broadcast; None in it takes the input's size.
    seed : int, SeedGenerator or None

    Examples
    --------
    >>> import numpy as np
    >>> sorted(set(dropout(np.ones((50,), "float32"), 0.5, seed=0).tolist()))
    [0.0, 2.0]
    """
    if rate == 0:
        return inputs
    if not 0 <= rate <= 1:
        raise ArgumentError("the rate of dropout must lie between 0 and 1", got=f"{rate=}")
    shape = inputs.shape if noise_shape is None else _filled(noise_shape, inputs.shape)
    mask = _scaled_mask(shape, 1.0 - rate, inputs.dtype, seed)
    return inputs * (device_arrays.to_host(mask) if isinstance(inputs, np.ndarray) else mask)


@drawn
def _scaled_mask(shape: Sequence[int], keep: float, dtype: Any, seed: Seed) -> np.ndarray:
    mask = kernels.empty(tuple(shape), np.dtype(dtype or config.floatx()))
    kernels.chosen[DropoutMask.name](mask, key=key_of(seed), keep=keep)
    return mask


def _filled(noise_shape: Sequence[int | None], shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(own if asked is None else asked for asked, own in zip(noise_shape, shape, strict=True))


def shuffle(x: ArrayLike, axis: int = 0, seed: Seed = None) -> np.ndarray:
    """Return a copy with the slices along ``axis`` in random order.

    Examples
    --------
    >>> sorted(shuffle([3, 1, 2], seed=0).tolist())
    [1, 2, 3]
    """
    return generator_of(seed).permutation(np.asarray(x), axis=axis)


def categorical(logits: ArrayLike, num_samples: int, dtype: Any = "int32", seed: Seed = None) -> np.ndarray:
    """Draw class numbers from unnormalised log-probabilities.

    Parameters
    ----------
    logits : array [batch, classes]
        Minus infinity rules a class out.
    num_samples : int
        Draws per row.

    Returns
    -------
    array [batch, num_samples]

    Examples
    --------
    >>> categorical([[0.0, float("-inf")]], 4, seed=0).tolist()
    [[0, 0, 0, 0]]
    """
    logits = np.asarray(logits, np.float64)
    if logits.ndim != 2 or logits.shape[1] == 0:
        raise ArgumentError(
            "categorical takes a matrix", expected="[batch, classes]", got=str(list(logits.shape))
        )
    top = logits.max(axis=1, keepdims=True)
    if not np.isfinite(top).all():
        raise ArgumentError("a row of logits holds NaN or infinity, or rules every class out")
    cumulative = np.cumsum(np.exp(logits - top), axis=1)
    points = generator_of(seed).random((len(logits), num_samples)) * cumulative[:, -1:]
    drawn = [np.searchsorted(row, point, side="right") for row, point in zip(cumulative, points, strict=True)]
    return np.array(drawn, dtype).reshape(len(logits), num_samples)


def gamma(shape: Sequence[int], alpha: float, dtype: Any = None, seed: Seed = None) -> np.ndarray:
    """Draw from the gamma distribution of shape ``alpha`` and scale 1.

    Examples
    --------
    >>> bool((gamma((100,), 2.0, seed=0) > 0).all())
    True
    """
    wanted, _ = _float_dtypes(dtype)
    return _finished(generator_of(seed).standard_gamma(alpha, tuple(shape)), wanted)


def beta(shape: Sequence[int], alpha: float, beta: float, dtype: Any = None, seed: Seed = None) -> np.ndarray:
    """Draw from the beta distribution: numbers between 0 and 1 with the mean alpha / (alpha + beta).

    Examples
    --------
    >>> x = beta((100,), 2.0, 3.0, seed=0)
    >>> bool((x > 0).all()), bool((x < 1).all())
    (True, True)
    """
    wanted, _ = _float_dtypes(dtype)
    return _finished(generator_of(seed).beta(alpha, beta, tuple(shape)), wanted)


def binomial(
    shape: Sequence[int], counts: ArrayLike, probabilities: ArrayLike, dtype: Any = None, seed: Seed = None
) -> np.ndarray:
    """Draw how many of ``counts`` trials succeed.

    Examples
    --------
    >>> binomial((3,), 5, 1.0, seed=0).tolist()
    [5.0, 5.0, 5.0]
    """
    drawn = generator_of(seed).binomial(np.asarray(counts), np.asarray(probabilities), tuple(shape))
    return np.asarray(drawn).astype(dtype or config.floatx())
