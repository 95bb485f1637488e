"""prod: multiply the entries along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.ops.op import normalize_axes
from stepgrad.ops.reduction.linear_scan import delay
from stepgrad.ops.reduction.reduction import Accumulation, accumulator, as_axes
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Prod(Accumulation):
    formula = r"y = \prod_i x_i"
    gradient_formula = r"\bar x_i = \bar y \prod_{j \ne i} x_j\quad\text{(no division, so zeros do no harm)}"

    def reference(self, x, axis=None, keepdims=False):
        return np.prod(x, axis=axis, keepdims=keepdims, dtype=accumulator(x.dtype))

    def gradient(self, step, gy):
        (x,) = step.inputs
        flip, cumprod = public["flip"], public["cumprod"]
        axes = normalize_axes(step.attrs.get("axis"), x.ndim)
        kept = [i for i in range(x.ndim) if i not in axes]
        order = (*kept, *axes)
        turned = x.transpose(order) if order else x
        shape = (*(x.shape[i] for i in kept), math.prod(x.shape[i] for i in axes))
        rows = turned.reshape(shape)  # the reduced entries in one last axis
        before = delay(cumprod(rows, -1), -1, 1)
        after = flip(delay(cumprod(flip(rows, -1), -1), -1, 1), -1)
        others = (before * after).reshape(turned.shape)
        if order:
            others = others.transpose(tuple(order.index(i) for i in range(x.ndim)))
        return self.keep(step, gy) * others


_prod = Prod()


def prod(
    x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, dtype: str | None = None
) -> Tensor:
    """Product over `axis`. The gradient is right where entries are 0, too.

    Examples
    --------
    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [3.0, 8.0]
    """
    x = x if dtype is None else public["cast"](x, dtype)
    return _prod(x, axis=as_axes(axis), keepdims=keepdims)
