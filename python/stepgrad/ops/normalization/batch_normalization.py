"""batch_normalization: shift and scale by given statistics."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ShapeError
from stepgrad.ops.op import normalize_axes, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Tensor:
    """Normalize with the statistics of each channel: scale * (x - mean) / sqrt(variance + epsilon) + offset.

    Ioffe and Szegedy, "Batch Normalization", 2015, algorithm 1.

    Parameters
    ----------
    x : tensor of any shape
    mean, variance : tensors, shape (channels,)
    axis : int
        The axis of the channels.
    offset, scale : tensors, shape (channels,), optional
        Called beta and gamma in layers.

    Returns
    -------
    tensor with the shape of `x`

    Examples
    --------
    >>> batch_normalization([[1.0], [3.0]], [2.0], [1.0], axis=-1, epsilon=0.0).tolist()
    [[-1.0], [1.0]]
    """
    x = to_tensor(x)
    (axis,) = normalize_axes(axis, x.ndim)
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]

    def per_channel(v, what):
        v = to_tensor(v)
        if tuple(v.shape) != (x.shape[axis],):
            raise ShapeError(
                f"{what} must have one entry for each channel",
                op="batch_normalization",
                expected=f"({x.shape[axis]},) for x of shape {tuple(x.shape)} and axis {axis}",
                got=str(tuple(v.shape)),
                fix="channels first? then axis is 1"
                if axis == x.ndim - 1 and v.shape == x.shape[1:2]
                else None,
            )
        return v if axis == x.ndim - 1 else public["reshape"](v, tuple(shape))

    factor = public["rsqrt"](per_channel(variance, "variance") + epsilon)
    if scale is not None:
        factor = factor * per_channel(scale, "scale")
    y = (x - per_channel(mean, "mean")) * factor
    return y if offset is None else y + per_channel(offset, "offset")
