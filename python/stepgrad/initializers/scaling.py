"""Initializers that choose the spread from the number of inputs and outputs of a weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config, random
from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.initializers.initializer import INITIALIZERS, RandomInitializer

# Standard deviation of the standard normal cut off at two: dividing by it restores the one asked for.
_TRUNCATED_STDDEV = 0.87962566103423978

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform", "normal")


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """Return how many inputs feed one output of a weight of this shape, and the other way round.

    Parameters
    ----------
    shape : sequence of int
        ``(inputs, outputs)`` for a matrix, ``(*window, inputs, outputs)`` for a convolution kernel.
    input_axes, output_axes : sequence of int, optional
        Both together: the axes to multiply, for weights of another layout.

    Returns
    -------
    fan_in, fan_out : int

    Examples
    --------
    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


@INITIALIZERS.register
class VarianceScaling(RandomInitializer):
    """Random values with variance ``scale / n``, so that signals keep their size through the layer.

    Parameters
    ----------
    scale : float
    mode : {"fan_in", "fan_out", "fan_avg"}
        What ``n`` is: see `compute_fans`.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        "normal" means "truncated_normal", as in Keras.
    seed : int, SeedGenerator or None
    input_axes, output_axes : sequence of int, optional

    Examples
    --------
    >>> VarianceScaling(seed=0)((100, 10)).std().round(2)
    np.float32(0.1)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        if scale <= 0:
            raise ArgumentError("scale must be positive", got=str(scale))
        for name, value, allowed in (
            ("mode", mode, _MODES),
            ("distribution", distribution.lower(), _DISTRIBUTIONS),
        ):
            if value not in allowed:
                raise ArgumentError(f"{name} cannot be {value!r}", fix=did_you_mean(value, allowed))
        self.scale, self.mode, self.distribution = scale, mode, distribution.lower()
        if self.distribution == "normal":
            self.distribution = "truncated_normal"
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, stddev, dtype, self.seed)
        return random.truncated_normal(shape, 0.0, stddev / _TRUNCATED_STDDEV, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            **super().get_config(),
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    """A VarianceScaling with a name: the three settings are the class's, the rest the caller's."""

    _settings: tuple[float, str, str]

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(*self._settings, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self) -> dict[str, Any]:
        settings = super().get_config()
        return {key: settings[key] for key in ("seed", "input_axes", "output_axes")}


@INITIALIZERS.register
class GlorotUniform(_NamedScaling):
    """Uniform with variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio 2010): Keras's default kernel.

    Examples
    --------
    >>> bool(abs(GlorotUniform(seed=0)((2, 4))).max() <= 1)
    True
    """

    _settings = (1.0, "fan_avg", "uniform")


@INITIALIZERS.register
class GlorotNormal(_NamedScaling):
    """Truncated normal with variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio 2010)."""

    _settings = (1.0, "fan_avg", "truncated_normal")


@INITIALIZERS.register
class LecunNormal(_NamedScaling):
    """Truncated normal with variance ``1 / fan_in`` (LeCun et al. 1998), for selu."""

    _settings = (1.0, "fan_in", "truncated_normal")


@INITIALIZERS.register
class LecunUniform(_NamedScaling):
    """Uniform with variance ``1 / fan_in`` (LeCun et al. 1998)."""

    _settings = (1.0, "fan_in", "uniform")


@INITIALIZERS.register
class HeNormal(_NamedScaling):
    """Truncated normal with variance ``2 / fan_in`` (He et al. 2015), for relu."""

    _settings = (2.0, "fan_in", "truncated_normal")


@INITIALIZERS.register
class HeUniform(_NamedScaling):
    """Uniform with variance ``2 / fan_in`` (He et al. 2015), for relu."""

    _settings = (2.0, "fan_in", "uniform")


@INITIALIZERS.register("OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """Rows or columns that are orthonormal, times ``gain`` (Saxe et al. 2014): Keras's default for recurrent kernels.

    A weight of more than two axes is treated as the matrix ``(product of the first axes, last axis)``.

    Examples
    --------
    >>> import numpy as np
    >>> q = Orthogonal(seed=0)((4, 4), "float64")
    >>> bool(np.allclose(q @ q.T, np.eye(4)))
    True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None):
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        shape = tuple(shape)
        if len(shape) < 2:
            raise ShapeError(
                "Orthogonal needs at least two axes", expected="(..., rows, columns)", got=str(shape)
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = random.normal((max(rows, columns), min(rows, columns)), dtype="float64", seed=self.seed)
        q, r = np.linalg.qr(drawn)
        # QR leaves the signs of Q's columns open; a positive diagonal of R makes Q uniform over rotations.
        q *= np.where(np.diag(r) < 0, -1.0, 1.0)
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype or config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, **super().get_config()}
