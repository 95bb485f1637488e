"""What all reductions share: the shape rule, the native layout, and putting reduced axes back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, contiguous, normalize_axes


class Reduction(Op):
    """An op that removes axes (or leaves them with size 1). Native kernels get (x [outer, n, inner], out [outer, inner])."""

    promote: str | None = None

    def shape(self, x: tuple, axis: Any = None, keepdims: bool = False) -> tuple:
        axes = normalize_axes(axis, len(x))
        if keepdims:
            return tuple(1 if i in axes else size for i, size in enumerate(x))
        return tuple(size for i, size in enumerate(x) if i not in axes)

    def launch(self, native: Any, x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
        axes = normalize_axes(axis, x.ndim)
        if not axes or axes != tuple(range(axes[0], axes[-1] + 1)) or 0 in x.shape:
            return NotImplemented  # nothing to reduce, axes that are not neighbours, or nothing there: NumPy's business
        shape = self.shape(x.shape, axis, keepdims)
        sizes = [
            math.prod(part)
            for part in (x.shape[: axes[0]], x.shape[axes[0] : axes[-1] + 1], x.shape[axes[-1] + 1 :])
        ]
        out = kernels.empty(shape, self.native_output(x.dtype))
        native(contiguous(x).reshape(sizes), out.reshape(sizes[0], sizes[2]))
        return out

    def native_output(self, dtype: np.dtype) -> np.dtype:
        """Return the dtype that the native kernel writes."""
        return dtype

    def keep(self, step: Any, g: Any) -> Any:
        """Put the reduced axes back with size 1, so that `g` broadcasts against the input."""
        return g.reshape(self.shape(step.input_shapes[0], step.attrs.get("axis"), True))


class Accumulation(Reduction):
    """A reduction (or a running one) whose small integers and booleans are added up as int32."""

    def dtype(self, *dtypes: str, **attrs: Any) -> str:
        return accumulator(np.dtype(dtypes[0])).name


def entries(shape: tuple, axis: Any) -> int:
    """Return how many entries are reduced into one.

    Examples
    --------
    >>> entries((2, 3, 4), (0, 2))
    8
    """
    return math.prod(shape[i] for i in normalize_axes(axis, len(shape)))


def accumulator(dtype: np.dtype) -> np.dtype:
    """Return the dtype in which entries are added up: at least int32, so that 200 + 100 is not 44 in uint8.

    Examples
    --------
    >>> accumulator(np.dtype("uint8")).name
    'int32'
    """
    return dtype if dtype.kind == "f" else np.result_type(dtype, np.int32)


def as_axes(axis: Any) -> Any:
    """Return `axis` in the form that NumPy takes: a list becomes a tuple."""
    return tuple(axis) if isinstance(axis, list) else axis


def refuse_empty(x: tuple, axis: Any, what: str) -> None:
    """Raise where a reduction without a neutral entry would find nothing to reduce."""
    if any(x[i] == 0 for i in normalize_axes(axis, len(x))):
        raise ShapeError(
            f"there is nothing to take the {what} of",
            expected="at least one entry along the axis",
            got=f"shape {x}, axis={axis}",
            fix="did a mask or a slice select nothing?",
        )
