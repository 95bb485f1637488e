"""Layers with several inputs: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot."""

from __future__ import annotations

import functools
import math
from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.masks import mask_of, with_mask


class Merge(Layer):
    """Join a list of tensors to one."""

    supports_masking = True
    least = 1
    most: float = math.inf

    def call(self, inputs: list) -> Any:
        if not isinstance(inputs, list | tuple) or not self.least <= len(inputs) <= self.most:
            wanted = f"exactly {self.least}" if self.least == self.most else f"at least {self.least}"
            raise ArgumentError(
                f"{type(self).__name__} joins a list of tensors",
                layer=self.name,
                expected=f"{wanted} tensors in one list: layer([a, b])",
                got=f"a list of {len(inputs)}" if isinstance(inputs, list | tuple) else "one tensor",
            )
        return self.merge(self._same_ndim(list(inputs)))

    def merge(self, inputs: list) -> Any:
        """Join the tensors."""
        raise ArgumentError(f"{type(self).__name__} has no merge()", layer=self.name)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of steps that count in some input; without a mask on every input there is none."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        return functools.reduce(ops.logical_or, previous_mask)

    def _same_ndim(self, inputs: list) -> list:
        """Give tensors with fewer axes new ones behind the batch axis, as Keras does."""
        ndim = max(x.ndim for x in inputs)
        for i, x in enumerate(inputs):
            for _ in range(ndim - x.ndim):
                inputs[i] = with_mask(ops.expand_dims(inputs[i], 1), mask_of(inputs[i]))
        return inputs


@LAYERS.register
class Add(Merge):
    """Sum of all inputs.

    Examples
    --------
    >>> import numpy as np
    >>> Add()([np.ones(2), np.ones(2), np.ones(2)]).tolist()
    [3.0, 3.0]
    """

    def merge(self, inputs: list) -> Any:
        return functools.reduce(ops.add, inputs)


@LAYERS.register
class Subtract(Merge):
    """The first input minus the second.

    Examples
    --------
    >>> import numpy as np
    >>> Subtract()([np.ones(2), np.zeros(2)]).tolist()
    [1.0, 1.0]
    """

    least = most = 2

    def merge(self, inputs: list) -> Any:
        return ops.subtract(*inputs)


@LAYERS.register
class Multiply(Merge):
    """Product of all inputs, entry by entry.

    Examples
    --------
    >>> import numpy as np
    >>> Multiply()([np.array([2.0, 3.0]), np.array([4.0, 5.0])]).tolist()
    [8.0, 15.0]
    """

    def merge(self, inputs: list) -> Any:
        masks = [mask_of(x) for x in inputs]  # what does not count does not multiply
        result = functools.reduce(
            ops.multiply, [x if m is None else ops.where(_wide(m), x, 1.0) for x, m in zip(inputs, masks)]
        )
        if any(m is None for m in masks):
            return result
        return ops.where(_wide(functools.reduce(ops.logical_or, masks)), result, 0.0)


@LAYERS.register
class Average(Merge):
    """Mean of all inputs, entry by entry.

    Examples
    --------
    >>> import numpy as np
    >>> Average()([np.array([2.0, 3.0]), np.array([4.0, 5.0])]).tolist()
    [3.0, 4.0]
    """

    def merge(self, inputs: list) -> Any:
        return functools.reduce(ops.add, inputs) / len(inputs)


@LAYERS.register
class Maximum(Merge):
    """The largest input, entry by entry.

    Examples
    --------
    >>> import numpy as np
    >>> Maximum()([np.array([2.0, 5.0]), np.array([4.0, 3.0])]).tolist()
    [4.0, 5.0]
    """

    def merge(self, inputs: list) -> Any:
        return _where_both_count(ops.maximum, inputs)


@LAYERS.register
class Minimum(Merge):
    """The smallest input, entry by entry.

    Examples
    --------
    >>> import numpy as np
    >>> Minimum()([np.array([2.0, 5.0]), np.array([4.0, 3.0])]).tolist()
    [2.0, 3.0]
    """

    def merge(self, inputs: list) -> Any:
        return _where_both_count(ops.minimum, inputs)


@LAYERS.register
class Concatenate(Merge):
    """The inputs one behind the other.

    Parameters
    ----------
    axis : int

    Examples
    --------
    >>> import numpy as np
    >>> Concatenate()([np.ones((2, 3)), np.ones((2, 4))]).shape
    (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def _same_ndim(self, inputs: list) -> list:
        return inputs

    def merge(self, inputs: list) -> Any:
        return ops.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        if previous_mask is None:
            return None
        masks = []
        for x, mask in zip(inputs, previous_mask, strict=True):
            if mask is not None and mask.ndim == x.ndim:
                masks.append(mask)
            else:
                everything = ops.ones_like(x, dtype="bool")
                masks.append(everything if mask is None else ops.logical_and(_wide(mask), everything))
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


@LAYERS.register
class Dot(Merge):
    """Scalar products between two inputs, sample by sample.

    Parameters
    ----------
    axes : int or (int, int)
        The axis of each input to sum over.
    normalize : bool
        Divide by the lengths first: the cosine of the angle.

    Examples
    --------
    >>> import numpy as np
    >>> Dot(axes=1)([np.ones((2, 3)), np.ones((2, 3))]).tolist()
    [[3.0], [3.0]]
    """

    least = most = 2

    def __init__(self, axes: int | tuple[int, int], normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.axes = axes if isinstance(axes, int) else tuple(axes)
        self.normalize = normalize
        if 0 in ((axes,) if isinstance(axes, int) else tuple(axes)):
            raise ArgumentError(
                "Dot cannot sum over the batch axis", layer=self.name, got=f"{axes=}", fix="count from 1"
            )

    def _same_ndim(self, inputs: list) -> list:
        return inputs

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None

    def merge(self, inputs: list) -> Any:
        a, b = inputs
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        axis_a, axis_b = axes[0] % a.ndim, axes[1] % b.ndim
        if a.shape[axis_a] != b.shape[axis_b]:
            raise ShapeError(
                "the sizes to sum over differ",
                layer=self.name,
                expected=f"a.shape[{axis_a}] == b.shape[{axis_b}]",
                got=f"{tuple(a.shape)} and {tuple(b.shape)}",
            )
        if self.normalize:
            a, b = ops.normalize(a, axis=axis_a), ops.normalize(b, axis=axis_b)
        rest_a = [axis for axis in range(1, a.ndim) if axis != axis_a]
        rest_b = [axis for axis in range(1, b.ndim) if axis != axis_b]
        sizes_a, sizes_b = [a.shape[axis] for axis in rest_a], [b.shape[axis] for axis in rest_b]
        a = ops.reshape(ops.transpose(a, (0, *rest_a, axis_a)), (-1, math.prod(sizes_a), a.shape[axis_a]))
        b = ops.reshape(ops.transpose(b, (0, axis_b, *rest_b)), (-1, b.shape[axis_b], math.prod(sizes_b)))
        return ops.reshape(ops.matmul(a, b), (-1, *(sizes_a + sizes_b or [1])))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _wide(mask: Any) -> Any:
    return ops.expand_dims(mask, -1)


def _where_both_count(function: Any, inputs: list) -> Any:
    """Reduce inputs by maximum or minimum; where only one of two counts, that one is taken."""
    output, output_mask = inputs[0], mask_of(inputs[0])
    for x in inputs[1:]:
        mask = mask_of(x)
        if mask is not None:
            x = ops.where(_wide(mask), x, output)
        if output_mask is not None:
            output = ops.where(_wide(output_mask), output, x)
        output_mask = None if mask is None or output_mask is None else ops.logical_or(output_mask, mask)
        output = function(output, x)
    return output


def add(inputs: list, **kwargs: Any) -> Any:
    """Call an `Add` layer."""
    return Add(**kwargs)(inputs)


def subtract(inputs: list, **kwargs: Any) -> Any:
    """Call a `Subtract` layer."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: list, **kwargs: Any) -> Any:
    """Call a `Multiply` layer."""
    return Multiply(**kwargs)(inputs)


def average(inputs: list, **kwargs: Any) -> Any:
    """Call an `Average` layer."""
    return Average(**kwargs)(inputs)


def maximum(inputs: list, **kwargs: Any) -> Any:
    """Call a `Maximum` layer."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: list, **kwargs: Any) -> Any:
    """Call a `Minimum` layer."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: list, axis: int = -1, **kwargs: Any) -> Any:
    """Call a `Concatenate` layer."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: list, axes: int | tuple[int, int] = -1, **kwargs: Any) -> Any:
    """Call a `Dot` layer."""
    return Dot(axes, **kwargs)(inputs)
