"""any, all and count_nonzero: what holds for the entries."""

from __future__ import annotations

from typing import Any as Anything

import numpy as np

from stepgrad.ops.reduction.reduction import Reduction, as_axes
from stepgrad.tape.tensor import Tensor


class Any(Reduction):
    formula = r"y = \exists i : x_i \ne 0"
    gradient_formula = r"\text{none: the result is a truth value}"
    differentiable = False

    def dtype(self, *dtypes, **attrs):
        return "bool"

    def reference(self, x, axis=None, keepdims=False):
        return np.any(x, axis=axis, keepdims=keepdims)


class All(Any):
    formula = r"y = \forall i : x_i \ne 0"

    def reference(self, x, axis=None, keepdims=False):
        return np.all(x, axis=axis, keepdims=keepdims)


class CountNonzero(Reduction):
    formula = r"y = \#\{i : x_i \ne 0\}"
    gradient_formula = r"\text{none: a count is an integer}"
    differentiable = False

    def dtype(self, *dtypes, **attrs):
        return "int32"

    def reference(self, x, axis=None, keepdims=False):
        return np.asarray(np.count_nonzero(x, axis=axis, keepdims=keepdims)).astype(np.int32)


_any = Any()
_all = All()
_count_nonzero = CountNonzero()


def any(x: Anything, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Tell whether any entry along `axis` is true (not 0).

    Examples
    --------
    >>> any([[False, True], [False, False]], axis=1).tolist()
    [True, False]
    """
    return _any(x, axis=as_axes(axis), keepdims=keepdims)


def all(x: Anything, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Tell whether all entries along `axis` are true (not 0).

    Examples
    --------
    >>> all([[True, True], [True, False]], axis=1).tolist()
    [True, False]
    """
    return _all(x, axis=as_axes(axis), keepdims=keepdims)


def count_nonzero(x: Anything, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Count the entries along `axis` that are not 0. int32.

    Examples
    --------
    >>> count_nonzero([0.0, 2.0, 3.0]).item()
    2
    """
    return _count_nonzero(x, axis=as_axes(axis))
