"""moments: mean and variance together, as batch normalization needs them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, contiguous, normalize_axes, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class BatchNormStatistics(Op):
    """Mean and variance of every column of [n, c] in one pass over the rows."""

    formula = r"\mu_c = \frac{1}{n} \sum_n x_{nc},\quad v_c = \frac{1}{n} \sum_n (x_{nc} - \mu_c)^2"
    gradient_formula = r"\bar x_{nc} = \frac{1}{n} \big(\bar\mu_c + 2 (x_{nc} - \mu_c)\, \bar v_c\big)"
    saves_output = True
    outputs = 2

    def shape(self, x):
        if len(x) != 2:
            raise ShapeError(
                "statistics are taken of rows", expected="[rows, channels]", got=str(x), fix="reshape first"
            )
        return (x[1],), (x[1],)

    def reference(self, x):
        self.shape(x.shape)
        if not len(x):  # the mean of nothing
            return np.full(x.shape[1], np.nan, x.dtype), np.full(x.shape[1], np.nan, x.dtype)
        mean = x.mean(0)
        return mean, np.square(x - mean).mean(0)

    def launch(self, native, x):
        mean, variance = kernels.empty(x.shape[1:], x.dtype), kernels.empty(x.shape[1:], x.dtype)
        native(contiguous(x), mean, variance)
        return mean, variance

    def gradient(self, step, g_mean, g_variance):
        (x,) = step.inputs
        away = x - step.outputs[0]
        return (away * (2.0 * g_variance) + g_mean) / max(x.shape[0], 1)


_batch_norm_statistics = BatchNormStatistics()


def moments(
    x: Any, axes: int | tuple[int, ...], keepdims: bool = False, synchronized: bool = False
) -> tuple[Tensor, Tensor]:
    """Mean and variance over `axes`; the variance is divided by n, not n - 1.

    Parameters
    ----------
    x : tensor
    axes : int or tuple of int
    keepdims : bool
        Leave the reduced axes with size 1.
    synchronized : bool
        Kept for Keras programs: there is one device, which knows the whole batch.

    Returns
    -------
    (mean, variance) : pair of tensors

    Examples
    --------
    >>> [m.item() for m in moments([1.0, 3.0], 0)]
    [2.0, 1.0]
    """
    x = to_tensor(x)
    reduced = normalize_axes(tuple(axes) if isinstance(axes, list) else axes, x.ndim)
    if x.ndim < 2 or reduced != tuple(range(x.ndim - 1)) or None in x.shape:
        return public["mean"](x, reduced, keepdims), public["var"](x, reduced, keepdims)
    mean, variance = _batch_norm_statistics(x.reshape((math.prod(x.shape[:-1]), x.shape[-1])))
    if keepdims:
        shape = (*(1,) * len(reduced), x.shape[-1])
        mean, variance = mean.reshape(shape), variance.reshape(shape)
    return mean, variance
