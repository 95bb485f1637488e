"""pad_sequences: sequences of many lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DTypeError, ShapeError, did_you_mean


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Cut or fill every sequence to one length.

    Parameters
    ----------
    sequences : sequence of sequences
        Of numbers, or of rows of one shape.
    maxlen : int, optional
        The longest one's length when left out.
    dtype : dtype
    padding, truncating : {"pre", "post"}
        Where to fill and where to cut: at the start, which is right for a network that reads to the end, or at the end.
    value : number
        What to fill with.

    Returns
    -------
    numpy.ndarray, [len(sequences), maxlen, ...]

    Examples
    --------
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
    [[0, 1], [2, 3], [5, 6]]
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ArgumentError(
                f"{name} cannot be {side!r}", op="pad_sequences", fix=did_you_mean(side, ["pre", "post"])
            )
    if not hasattr(sequences, "__len__") or not all(hasattr(row, "__len__") for row in sequences):
        raise DTypeError(
            "pad_sequences takes a list of sequences",
            expected="[[1, 2, 3], [4, 5], ...]",
            got=f"{sequences!r:.60}",
            fix="put a single sequence into a list",
        )
    if isinstance(value, str) and not np.issubdtype(dtype, np.str_) and np.dtype(dtype) != object:
        raise DTypeError(
            "text cannot fill an array of numbers",
            op="pad_sequences",
            got=f"dtype {dtype}",
            fix="dtype=object",
        )
    if maxlen is None:
        maxlen = max((len(row) for row in sequences), default=0)
    row_shape = next((np.shape(row)[1:] for row in sequences if len(row)), ())
    out = np.full((len(sequences), maxlen, *row_shape), value, dtype=dtype)
    for i, row in enumerate(sequences):
        if not len(row) or not maxlen:
            continue
        kept = np.asarray(row[-maxlen:] if truncating == "pre" else row[:maxlen], dtype=dtype)
        if kept.shape[1:] != row_shape:
            raise ShapeError(
                "all sequences must be of rows of one shape",
                op="pad_sequences",
                expected=f"rows of shape {row_shape}",
                got=f"{kept.shape[1:]} in sequence {i}",
            )
        out[i, slice(-len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return out
