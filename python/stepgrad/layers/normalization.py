"""Normalization: mean 0 and variance 1, by statistics of the data that are taken beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from stepgrad import config, ops
from stepgrad.errors import ArgumentError, NotBuiltError, ShapeError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.rescaling import _plain
from stepgrad.tape import Tensor


@LAYERS.register
class Normalization(Layer):
    """Shift and scale features by a mean and a variance that are given, or learned from data with :meth:`adapt`.

    Parameters
    ----------
    axis : int, tuple of int or None
        The axes with statistics of their own; None for one mean and variance of everything.
    mean, variance : float or array, optional
        Both or none.
    invert : bool
        Undo the normalization instead.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer(np.array([[5.0]])).tolist()
    [[3.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | tuple[int, ...] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.invert = invert
        if (mean is None) != (variance is None):
            raise ArgumentError("Normalization takes both mean and variance, or none", layer=self.name)
        self.input_mean = None if mean is None else _plain(mean)
        self.input_variance = None if variance is None else _plain(variance)

    def build(self, input_shape: tuple) -> None:
        ndim = len(input_shape)
        if any(not -ndim <= axis < ndim for axis in self.axis):
            raise ShapeError("there is no such axis", layer=self.name, got=f"axis={self.axis} of {ndim} axes")
        kept = sorted(axis % ndim for axis in self.axis)
        self._statistics_shape = tuple(input_shape[axis] for axis in kept)
        if None in self._statistics_shape:
            raise ShapeError(
                "the sizes of the normalized axes must be known",
                layer=self.name,
                got=f"{tuple(input_shape)}, {self.axis=}",
            )
        self._reduced = tuple(axis for axis in range(ndim) if axis not in kept)
        self._broadcast = tuple(size if axis in kept else 1 for axis, size in enumerate(input_shape))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(self._statistics_shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(
                self._statistics_shape, "ones", trainable=False, name="variance"
            )
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Take the mean and the variance of an array, or of an iterable of batches."""
        if self.input_mean is not None:
            raise ArgumentError(
                "adapt would replace the mean and variance that were given",
                layer=self.name,
                fix="Normalization(axis=...)",
            )
        whole = isinstance(data, np.ndarray | Tensor)
        batches = (np.asarray(batch, np.float64) for batch in ([data] if whole else _batches(data)))
        total = total_mean = total_variance = 0.0
        for batch in batches:
            if not self.built:
                self.build(batch.shape)
            elif tuple(np.delete(batch.shape, self._reduced)) != self._statistics_shape:
                raise ShapeError(
                    "the data do not fit the layer",
                    layer=self.name,
                    expected=f"{self._statistics_shape} on the axes {self.axis}",
                    got=f"shape {batch.shape}",
                )
            count = np.prod([batch.shape[axis] for axis in self._reduced])
            mean, variance = batch.mean(self._reduced), batch.var(self._reduced)
            total += count
            share = count / total  # Chan et al., 1979: joining the statistics of two sets
            moved = mean - total_mean
            total_variance = total_variance * (1 - share) + variance * share + moved**2 * share * (1 - share)
            total_mean = total_mean + moved * share
        if not total:
            raise ArgumentError("adapt got no data", layer=self.name)
        self.adapt_mean.assign(total_mean)
        self.adapt_variance.assign(total_variance)
        self.count.assign(1)

    @property
    def mean(self) -> Any:
        """The mean, ready for broadcasting."""
        return self._ready(self.input_mean if self.input_mean is not None else self.adapt_mean.numpy())

    @property
    def variance(self) -> Any:
        """The variance, ready for broadcasting."""
        return self._ready(
            self.input_variance if self.input_mean is not None else self.adapt_variance.numpy()
        )

    def _ready(self, values: Any) -> np.ndarray:
        values = np.asarray(values, self.compute_dtype)
        return np.broadcast_to(values, self._statistics_shape).reshape(self._broadcast)

    def _knows_statistics(self) -> bool:
        if self.input_mean is not None or self.count.item():
            return True  # given or adapted; a file written by Keras has count 0, but then hardly mean 0 and variance 1
        return bool(self.adapt_mean.numpy().any()) or bool((self.adapt_variance.numpy() != 1).any())

    def call(self, inputs: Any) -> Any:
        if isinstance(inputs, Tensor) and not self._knows_statistics():
            raise NotBuiltError(
                "the layer knows no mean and variance yet",
                layer=self.name,
                fix="layer.adapt(training_data) before training, or Normalization(mean=..., variance=...)",
            )
        deviation = np.maximum(np.sqrt(self.variance), np.asarray(config.epsilon(), self.compute_dtype))
        x = ops.cast(inputs, self.compute_dtype)
        return x * deviation + self.mean if self.invert else (x - self.mean) / deviation

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "mean": self.input_mean,
            "variance": self.input_variance,
            "invert": self.invert,
        }


def _batches(data: Any) -> Iterable:
    for batch in data:
        yield batch[0] if isinstance(batch, tuple) else batch
