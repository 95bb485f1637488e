"""Nested lists, tuples and dicts of tensors and of shapes: mapping, and putting back together what `flatten` took apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from stepgrad.utils.nest import CONTAINERS, flatten

__all__ = ["flatten", "is_shape", "map_shapes", "map_structure", "pack"]


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `function` to every leaf, in the order of `flatten`, and keep the structure.

    Examples
    --------
    >>> map_structure(lambda x: x + 1, {"a": [1, 2], "b": 3})
    {'a': [2, 3], 'b': 4}
    """
    if not isinstance(structure, CONTAINERS):
        return function(structure)
    if isinstance(structure, dict):
        return {key: map_structure(function, structure[key]) for key in sorted(structure)}
    return _like(structure, (map_structure(function, part) for part in structure))


def pack(structure: Any, leaves: Iterable) -> Any:
    """Put `leaves` where the leaves of `structure` are.

    Examples
    --------
    >>> pack({"a": [1, 2], "b": 3}, "xyz")
    {'a': ['x', 'y'], 'b': 'z'}
    """
    rest: Iterator = iter(leaves)
    return map_structure(lambda _: next(rest), structure)


def is_shape(value: Any) -> bool:
    """Tell whether a list or tuple is one shape, not several.

    Examples
    --------
    >>> is_shape((None, 3)), is_shape([(None, 3), (None, 4)])
    (True, False)
    """
    return isinstance(value, list | tuple) and all(
        size is None or hasattr(size, "__index__") for size in value
    )


def map_shapes(function: Callable[[tuple], Any], shapes: Any) -> Any:
    """Apply `function` to every shape in a nested structure of shapes.

    Examples
    --------
    >>> map_shapes(len, [(None, 3), (None, 4, 4)])
    [2, 3]
    """
    if is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, dict):
        return {key: map_shapes(function, shapes[key]) for key in sorted(shapes)}
    return _like(shapes, (map_shapes(function, part) for part in shapes))


def _like(structure: Any, parts: Iterable) -> Any:
    return list(parts) if isinstance(structure, list) else tuple(parts)
