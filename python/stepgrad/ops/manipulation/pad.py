"""pad: more entries round the edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.op import Op
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor

_MODES = ("constant", "reflect", "symmetric", "edge", "wrap")


class Pad(Op):
    formula = r"y_{i + b} = x_i,\quad y = c \text{ elsewhere}"
    gradient_formula = r"\bar x_i = \bar y_{i + b}"
    saves_inputs = ()
    promote = None

    def shape(self, x, pad_width, value=0):
        if len(pad_width) != len(x):
            raise ShapeError(
                "each axis needs a pair (before, after)",
                expected=f"{len(x)} pairs for shape {x}",
                got=f"pad_width={pad_width}",
                fix="(0, 0) leaves an axis as it is",
            )
        return tuple(
            None if n is None else n + before + after for n, (before, after) in zip(x, pad_width, strict=True)
        )

    def reference(self, x, pad_width, value=0):
        self.shape(x.shape, pad_width)
        return np.pad(x, pad_width, constant_values=value) if x.ndim else x.copy()

    def gradient(self, step, gy):
        sizes = step.input_shapes[0]
        return gy[tuple(slice(b, b + n) for n, (b, _) in zip(sizes, step.attrs["pad_width"], strict=True))]


_pad = Pad()


def pad(x: Any, pad_width: Any, mode: Any = "constant", constant_values: float | None = None) -> Tensor:
    """Add entries before and after along each axis.

    Parameters
    ----------
    pad_width : int, (before, after), or one such pair an axis
    mode : {"constant", "reflect", "symmetric", "edge", "wrap"}
        What the new entries are, as in NumPy.
    constant_values : float, optional
        0 unless given; only with mode "constant".

    Examples
    --------
    >>> pad([1, 2, 3], 1).tolist(), pad([1, 2, 3], (2, 0), mode="reflect").tolist()
    ([0, 1, 2, 3, 0], [3, 2, 1, 2, 3])
    """
    if mode not in _MODES:
        raise ArgumentError("there is no such mode", op="pad", expected=", ".join(_MODES), got=repr(mode))
    if mode != "constant" and constant_values is not None:
        raise ArgumentError(
            "constant_values has a meaning only with mode='constant'", op="pad", got=f"mode={mode!r}"
        )
    x = public["convert_to_tensor"](x)
    shape = x.shape
    pairs = _pairs(pad_width, len(shape))
    if mode == "constant":
        return _pad(x, pad_width=pairs, value=constant_values or 0)
    for axis, (pair, n) in enumerate(zip(pairs, shape, strict=True)):
        if any(pair):
            if not n:
                raise ShapeError(
                    f"axis {axis} has nothing to copy from", op="pad", got=f"shape {shape}, mode={mode!r}"
                )
            x = public["take"](
                x, np.pad(np.arange(n), pair, mode), axis
            )  # padding by copies is picking entries
    return x


def _pairs(pad_width, ndim):
    width = np.asarray(pad_width)
    if width.ndim == 2 and width.shape[1] == 2 and width.shape[0] not in (1, ndim):
        return tuple((int(b), int(a)) for b, a in width)  # the op says how many were expected
    try:
        width = np.broadcast_to(width, (ndim, 2))
    except ValueError:
        raise ArgumentError(
            "pad_width is an int, a pair (before, after), or one pair an axis", op="pad", got=f"{pad_width}"
        ) from None
    if width.dtype.kind not in "iu" or (width < 0).any():
        raise ArgumentError(
            "pad_width counts entries", op="pad", expected="integers from 0", got=f"{pad_width}"
        )
    return tuple((int(b), int(a)) for b, a in width)
