"""max and min: the extreme along axes. Where several entries attain it, they share the gradient equally."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.op import Op
from stepgrad.ops.reduction.reduction import Reduction, as_axes, refuse_empty
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Extreme(Reduction):
    """What max and min have in common."""

    saves_output = True

    def shape(self, x, axis=None, keepdims=False):
        refuse_empty(x, axis, self.name)
        return super().shape(x, axis, keepdims)

    def gradient(self, step, gy):
        share = _extreme_share(step.inputs[0], self.keep(step, step.output), axis=step.attrs.get("axis"))
        return self.keep(step, gy) * share


class Max(Extreme):
    formula = r"y = \max_i x_i"
    gradient_formula = r"\bar x_i = \bar y\,[x_i = y] / \#\{j : x_j = y\}"

    def reference(self, x, axis=None, keepdims=False):
        return np.max(x, axis=axis, keepdims=keepdims)


class Min(Extreme):
    formula = r"y = \min_i x_i"
    gradient_formula = r"\bar x_i = \bar y\,[x_i = y] / \#\{j : x_j = y\}"

    def reference(self, x, axis=None, keepdims=False):
        return np.min(x, axis=axis, keepdims=keepdims)


class ExtremeShare(Op):
    """Which part of the extreme's gradient each entry gets; among NaNs it is shared too."""

    formula = r"s_i = [x_i = y] / \#\{j : x_j = y\}"
    gradient_formula = r"\text{none: the result is constant almost everywhere}"
    promote = None
    differentiable = False

    def shape(self, x, y, axis=None):
        return x

    def reference(self, x, y, axis=None):
        mask = ((x == y) | (x != x)).astype(x.dtype)
        return mask / np.sum(mask, axis=axis, keepdims=True)


_max = Max()
_min = Min()
_extreme_share = ExtremeShare()


def max(
    x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, initial: float | None = None
) -> Tensor:
    """Maximum over `axis`, and of `initial`; NaN wins. Entries that tie share the gradient equally.

    Examples
    --------
    >>> max([[1.0, 5.0], [3.0, 4.0]], axis=0).tolist()
    [3.0, 5.0]
    """
    if initial is not None and 0 in public["shape"](x):  # nothing but `initial`
        return public["sum"](x, axis, keepdims) + initial
    result = _max(x, axis=as_axes(axis), keepdims=keepdims)
    return result if initial is None else public["maximum"](result, initial)


def min(
    x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, initial: float | None = None
) -> Tensor:
    """Minimum over `axis`, and of `initial`; NaN wins. Entries that tie share the gradient equally.

    Examples
    --------
    >>> min([[1.0, 5.0], [3.0, 4.0]], axis=0).tolist()
    [1.0, 4.0]
    """
    if initial is not None and 0 in public["shape"](x):  # nothing but `initial`
        return public["sum"](x, axis, keepdims) + initial
    result = _min(x, axis=as_axes(axis), keepdims=keepdims)
    return result if initial is None else public["minimum"](result, initial)


amax, amin = max, min
