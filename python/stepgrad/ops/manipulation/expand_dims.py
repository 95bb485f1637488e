"""expand_dims: new axes of size 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.op import Op, normalize_axes
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class ExpandDims(Op):
    formula = r"y_{i1j} = x_{ij}"
    gradient_formula = r"\bar x = \mathrm{reshape}(\bar y)"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, axis):
        count = 1 if isinstance(axis, int | np.integer) else len(axis)
        new = normalize_axes(axis, len(x) + count)
        sizes = iter(x)
        return tuple(1 if i in new else next(sizes) for i in range(len(x) + count))

    def reference(self, x, axis):
        return x.reshape(self.shape(x.shape, axis))

    def gradient(self, step, gy):
        return public["reshape"](gy, step.input_shapes[0])


_expand_dims = ExpandDims()


def expand_dims(x: Any, axis: int | tuple[int, ...]) -> Tensor:
    """Insert axes of size 1; `axis` counts in the result.

    Examples
    --------
    >>> expand_dims([1, 2, 3], -1).shape
    (3, 1)
    """
    return _expand_dims(x, axis=axis if isinstance(axis, int | np.integer) else tuple(axis))
