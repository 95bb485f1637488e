"""What all reductions share: the shape rule, the native layout, and putting reduced axes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.op import Op, normalize_axes


class Reduction(Op):
    """An op that removes axes (or leaves them with size 1). Native kernels get (x [outer, n, inner], out [outer, inner])."""

    promote = None

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
        sizes = [int(np.prod(part)) for part in (x.shape[: axes[0]], x.shape[axes[0] : axes[-1] + 1], x.shape[axes[-1] + 1 :])]
        out = np.empty(shape, self.native_output(x.dtype))
        native(np.ascontiguousarray(x).reshape(sizes), out.reshape(sizes[0], sizes[2]))
        return out

    def native_output(self, dtype: np.dtype) -> np.dtype:
        """Return the dtype that the native kernel writes."""
        return dtype

    def keep(self, step: Any, g: Any) -> Any:
        """Put the reduced axes back with size 1, so that `g` broadcasts against the input."""
        return g.reshape(self.shape(step.input_shapes[0], step.attrs.get("axis"), True))
