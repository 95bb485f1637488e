"""sparsemax: the nearest point whose entries are chances; like softmax, but with exact zeros."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.state import public


class Sparsemax(Op):
    formula = r"y = \max(x - \tau, 0),\quad \tau \text{ such that } \sum_i y_i = 1"
    gradient_formula = (
        r"\bar x_i = [y_i > 0] \left(\bar y_i - \frac{\sum_{j: y_j > 0} \bar y_j}{|\{j : y_j > 0\}|}\right)"
    )
    saves_inputs, saves_output = (), True

    def shape(self, x, axis=-1):
        normalize_axis(axis, len(x))
        return x

    def reference(self, x, axis=-1):
        falling = -np.sort(-np.moveaxis(x, axis, -1), axis=-1)
        total = np.cumsum(falling, axis=-1, dtype=x.dtype)
        count = np.arange(1, x.shape[axis] + 1, dtype=x.dtype)
        k = np.maximum(
            (1 + count * falling > total).sum(-1, keepdims=True), 1
        )  # how many entries stay above 0
        tau = (np.take_along_axis(total, k - 1, axis=-1) - 1) / k.astype(x.dtype) if x.size else falling
        return np.maximum(x - np.moveaxis(tau, -1, axis), np.zeros((), x.dtype))

    def gradient(self, step, gy):
        axis = step.attrs["axis"]
        support = public["cast"](step.output > 0.0, gy.dtype)
        mean = (gy * support).sum(axis, True) / support.sum(axis, True)
        return support * (gy - mean)


_sparsemax = Sparsemax()


def sparsemax(x, axis=-1):
    """Project on the chances that sum to 1 along `axis`; small entries become exactly 0.

    Source: Martins and Astudillo 2016, arXiv:1602.02068.

    Examples
    --------
    >>> sparsemax([0.0, 0.25, 2.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    return _sparsemax(x, axis=axis)
