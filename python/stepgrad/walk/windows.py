"""What windows see: the taps of a convolution, and the pixels and winners of a pooling."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from stepgrad.ops.convolution.windows import resolve_padding

if TYPE_CHECKING:
    from stepgrad.walk.steps import WalkStep

Index = tuple[int, ...]


def conv_taps(step: WalkStep, which: int, index: Index) -> Iterator[tuple[Index, Index, Index]]:
    """Yield (pixel, weight, output) index triples of conv2d that touch entry `index` of x (0), w (1) or y (2)."""
    x, w = step.inputs[0].array, step.inputs[1].array
    y = step.outputs[0].array
    attrs = {"strides": (1, 1), "padding": "valid", "dilation": (1, 1), "groups": 1, **step.attrs}
    (sh, sw), (dh, dw), groups = attrs["strides"], attrs["dilation"], attrs["groups"]
    (top, _), (left, _) = resolve_padding(attrs["padding"], x.shape[1:3], w.shape[:2], (sh, sw), (dh, dw))
    per_group, outs = w.shape[2], w.shape[3] // groups

    def pixel(n, h, v, i, j, c, o):
        r, q = h * sh + i * dh - top, v * sw + j * dw - left
        if 0 <= r < x.shape[1] and 0 <= q < x.shape[2]:
            yield (n, r, q, o // outs * per_group + c), (i, j, c, o), (n, h, v, o)

    if which == 2:
        n, h, v, o = index
        for i, j, c in itertools.product(*map(range, w.shape[:3])):
            yield from pixel(n, h, v, i, j, c, o)
    elif which == 1:
        i, j, c, o = index
        for n, h, v in itertools.product(*map(range, y.shape[:3])):
            yield from pixel(n, h, v, i, j, c, o)
    else:
        n, r, q, channel = index
        group, c = divmod(channel, per_group)
        for i, j in itertools.product(range(w.shape[0]), range(w.shape[1])):
            h, odd_h = divmod(r + top - i * dh, sh)
            v, odd_v = divmod(q + left - j * dw, sw)
            if odd_h or odd_v or not (0 <= h < y.shape[1] and 0 <= v < y.shape[2]):
                continue
            for o in range(group * outs, (group + 1) * outs):
                yield index, (i, j, c, o), (n, h, v, o)


def pool_window(step: WalkStep, index: Index) -> list[Index]:
    """Return the pixels that entry `index` of a pooling's output looked at."""
    x = step.inputs[0].array.shape
    size, strides = step.attrs.get("pool_size", (2, 2)), step.attrs.get("strides", (2, 2))
    (top, _), (left, _) = resolve_padding(step.attrs.get("padding", "valid"), x[1:3], size, strides)
    n, h, w, c = index
    rows = [r for r in range(h * strides[0] - top, h * strides[0] - top + size[0]) if 0 <= r < x[1]]
    columns = [q for q in range(w * strides[1] - left, w * strides[1] - left + size[1]) if 0 <= q < x[2]]
    return [(n, r, q, c) for r, q in itertools.product(rows, columns)]


def winners_of(winners: np.ndarray, index: Index, shape: tuple) -> list[Index]:
    """Return the windows that pixel `index` won; `winners` holds h * width + w of the winner of each window."""
    n, r, q, c = index
    won = np.argwhere(winners[n, :, :, c] == r * shape[2] + q)
    return [(n, int(h), int(w), c) for h, w in won]
