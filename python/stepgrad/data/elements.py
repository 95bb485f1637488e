"""Elements of a data set: NumPy arrays, alone or in tuples and dicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ShapeError


def as_element(value: Any) -> Any:
    """Make every leaf a NumPy array; tuples and dicts stay, a list of numbers is one array.

    Examples
    --------
    >>> as_element(([1, 2], {"weight": 0.5}))
    (array([1, 2]), {'weight': array(0.5)})
    """
    return over_leaves(np.asarray, value)


def over_leaves(function: Callable[..., Any], *structures: Any) -> Any:
    """Call `function` with the leaves that stand at the same place of all structures."""
    first = structures[0]
    if isinstance(first, dict):
        return {key: over_leaves(function, *(s[key] for s in structures)) for key in first}
    if isinstance(first, tuple):
        return tuple(over_leaves(function, *parts) for parts in zip(*structures, strict=True))
    return function(*structures)


def leaves_of(structure: Any) -> list:
    """Return the leaves in order.

    Examples
    --------
    >>> leaves_of((1, {"a": 2, "b": (3,)}))
    [1, 2, 3]
    """
    parts = structure.values() if isinstance(structure, dict) else structure
    if isinstance(structure, dict | tuple):
        return [leaf for part in parts for leaf in leaves_of(part)]
    return [structure]


def stack(elements: Sequence[Any]) -> Any:
    """Return one batch: every leaf gets a new first axis."""
    return over_leaves(_stack, *elements)


def _stack(*leaves: Any) -> np.ndarray:
    arrays = [np.asarray(leaf) for leaf in leaves]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ShapeError(
            "elements of different shapes do not fit into one batch",
            op="Dataset.batch",
            expected=f"all of shape {arrays[0].shape}, as the first",
            got=", ".join(map(str, sorted(shapes)[:4])),
            fix="bring them to one shape in map: resize images, cut or pad sequences (utils.pad_sequences)",
        )
    return np.stack(arrays)
