"""Batches as (x, y, sample_weight), arrays of length 1, data sets in two parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Divide an array by the norm of its slices along `axis`; slices of zeros stay.

    Examples
    --------
    >>> normalize([[3.0, 4.0]]).tolist()
    [[0.6, 0.8]]
    """
    x = np.asarray(x, np.float64)
    length = np.atleast_1d(np.linalg.norm(x, order, axis))
    length[length == 0] = 1
    return x / np.expand_dims(length, axis)


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return what a data set yields: (x, y, sample_weight) without the None at the end.

    Examples
    --------
    >>> pack_x_y_sample_weight(1, 2)
    (1, 2)
    """
    if y is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return x, y and sample_weight of what a data set yields, None where it has none.

    Examples
    --------
    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ArgumentError(
            "a batch has one to three parts", expected="x, (x, y) or (x, y, weight)", got=f"{len(data)} parts"
        )
    return (*data, None, None)[:3]


def is_keras_tensor(x: Any) -> bool:
    """Tell whether `x` is symbolic: made by `Input`, without values.

    Examples
    --------
    >>> is_keras_tensor(np.ones(3))
    False
    """
    return bool(getattr(x, "is_symbolic", False))


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype; ``config.floatx()`` for None.

    Examples
    --------
    >>> standardize_dtype(np.float32), standardize_dtype(None)
    ('float32', 'float32')
    """
    from stepgrad import config

    if dtype is None:
        return config.floatx()
    return str(dtype).removeprefix("torch.") if "torch" in str(dtype) else np.dtype(dtype).name
