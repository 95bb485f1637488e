"""roll: entries that leave at one end come in at the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.ops.op import Op, normalize_axes
from stepgrad.tape.tensor import Tensor


class Roll(Op):
    formula = r"y_i = x_{(i - s) \bmod n}"
    gradient_formula = r"\bar x_i = \bar y_{(i + s) \bmod n}"
    saves_inputs = ()
    promote = None

    def shape(self, x, shift, axis=None):
        normalize_axes(axis, len(x))
        return x

    def reference(self, x, shift, axis=None):
        return np.roll(x, shift, axis)

    def gradient(self, step, gy):
        shift = step.attrs["shift"]
        back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
        return _roll(gy, shift=back, axis=step.attrs.get("axis"))


_roll = Roll()


def roll(x: Any, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Move the entries by `shift` places along `axis`, round the end (in flattened order without an axis).

    Examples
    --------
    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    return _roll(x, shift=_plain(shift), axis=_plain(axis))


def _plain(value):
    return tuple(value) if isinstance(value, list) else value
