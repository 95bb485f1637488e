"""segment_max, segment_min and segment_prod: rows with one number are reduced to one row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.ops.composed.statistics import values_of
from stepgrad.ops.op import to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Largest of the rows of `data` with the same segment number; minus infinity (the least integer) without rows.

    Parameters
    ----------
    data : tensor, shape (n, ...)
    segment_ids : int tensor, shape (n,)
    num_segments : int, optional

    Examples
    --------
    >>> segment_max([1.0, 2.0, 4.0], [0, 1, 0]).tolist()
    [4.0, 2.0]
    """
    return _reduce(ops.max, -math.inf, "segment_max", data, segment_ids, num_segments)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Smallest of the rows of `data` with the same segment number. Parameters as in `segment_max`.

    Examples
    --------
    >>> segment_min([1.0, 2.0, 4.0], [0, 1, 0]).tolist()
    [1.0, 2.0]
    """
    return _reduce(ops.min, math.inf, "segment_min", data, segment_ids, num_segments)


def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Product of the rows of `data` with the same segment number. Parameters as in `segment_max`.

    Examples
    --------
    >>> segment_prod([3.0, 2.0, 4.0], [0, 1, 0]).tolist()
    [12.0, 2.0]
    """
    return _reduce(ops.prod, 1, "segment_prod", data, segment_ids, num_segments)


def _reduce(
    reduction: Callable, nothing: float, name: str, data: Any, segment_ids: Any, num_segments: int | None
) -> Tensor:
    """Reduce segment by segment: a loop over segments, of which there are few as a rule."""
    data, numbers = to_tensor(data), values_of(name, segment_ids)
    count = int(numbers.max()) + 1 if num_segments is None else num_segments
    if math.isinf(nothing) and np.dtype(data.dtype).kind != "f":
        ends = np.iinfo(data.dtype)
        nothing = ends.min if nothing < 0 else ends.max
    rows = []
    for number in range(count):
        places = np.flatnonzero(numbers == number)
        if len(places):
            rows.append(reduction(ops.take(data, places, 0), 0))
        else:
            rows.append(ops.full(data.shape[1:], nothing, data.dtype))
    return ops.stack(rows)
