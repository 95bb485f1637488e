"""What normalizations along axes share."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public


def over_axes(v: Any, x: Any, axes: tuple[int, ...], op: str, what: str) -> Any:
    """Let a weight with the sizes of `axes` of `x` broadcast against `x`."""
    v = to_tensor(v)
    if v.ndim == x.ndim and x.ndim != len(axes):
        return v
    expected = tuple(x.shape[axis] for axis in axes)
    if tuple(v.shape) != expected:
        raise ShapeError(
            f"{what} does not fit",
            op=op,
            expected=f"{expected}, the sizes of axes {axes} of {tuple(x.shape)}",
            got=str(tuple(v.shape)),
        )
    if axes == tuple(range(x.ndim - len(axes), x.ndim)):
        return v
    return public["reshape"](v, tuple(x.shape[axis] if axis in axes else 1 for axis in range(x.ndim)))


def or_neutral(scale: Any, offset: Any, x: Any) -> tuple[Any, Any]:
    """Stand ones and zeros, one for each entry of the last axis of `x`, in for what is None."""
    scale = np.ones(x.shape[-1], x.dtype) if scale is None else scale
    return scale, np.zeros(x.shape[-1], x.dtype) if offset is None else offset
