"""argmax and argmin: where the extreme stands."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.ops.reduction.reduction import Reduction, refuse_empty
from stepgrad.tape.tensor import Tensor


class Place(Reduction):
    """What argmax and argmin have in common. The first of equal entries counts, and NaN before all numbers."""

    gradient_formula = r"\text{none: a place is an integer}"
    differentiable = False

    def shape(self, x, axis=None, keepdims=False):
        if isinstance(axis, tuple | list):
            raise ArgumentError(
                "one axis, or None for all", got=f"axis={axis}", fix="reshape the axes into one first"
            )
        refuse_empty(x, axis, self.name)
        return super().shape(x, axis, keepdims)

    def dtype(self, *dtypes, **attrs):
        return "int32"

    def launch(self, native, x, axis=None, keepdims=False):
        result = super().launch(native, x, axis, keepdims)
        return result if result is NotImplemented else result.astype(np.int32)

    def native_output(self, dtype):
        return np.dtype(np.int64)


class Argmax(Place):
    formula = r"y = \arg\max_i x_i"

    def reference(self, x, axis=None, keepdims=False):
        return np.argmax(x, axis=axis, keepdims=keepdims).astype(np.int32)


class Argmin(Place):
    formula = r"y = \arg\min_i x_i"

    def reference(self, x, axis=None, keepdims=False):
        return np.argmin(x, axis=axis, keepdims=keepdims).astype(np.int32)


_argmax = Argmax()
_argmin = Argmin()


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Number of the largest entry along `axis` (in the flattened tensor without one); the first one of equals. int32.

    Examples
    --------
    >>> argmax([[1.0, 5.0], [3.0, 3.0]], axis=1).tolist()
    [1, 0]
    """
    return _argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Number of the smallest entry along `axis` (in the flattened tensor without one); the first one of equals. int32.

    Examples
    --------
    >>> argmin([[1.0, 5.0], [3.0, 3.0]], axis=1).tolist()
    [0, 0]
    """
    return _argmin(x, axis=axis, keepdims=keepdims)
