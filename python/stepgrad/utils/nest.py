"""flatten: the leaves of nested lists, tuples and dicts."""

from __future__ import annotations

from typing import Any


def flatten(structure: Any) -> list:
    """Return the leaves in order; a dict's by sorted key, as in Keras.

    Examples
    --------
    >>> flatten({"b": 2, "a": [0, 1]})
    [0, 1, 2]
    """
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]
