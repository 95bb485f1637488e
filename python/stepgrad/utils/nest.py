"""flatten: the leaves of nested lists, tuples and dicts."""

from __future__ import annotations

from typing import Any

CONTAINERS = (list, tuple, dict)


def flatten(structure: Any) -> list:
    """Return the leaves in order; a dict's by sorted key, as in Keras.

    Examples
    --------
    >>> flatten({"b": 2, "a": [0, 1]})
    [0, 1, 2]
    """
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    elif not isinstance(structure, (list, tuple)):
        return [structure]
    leaves = []
    for part in structure:
        if isinstance(part, (list, tuple, dict)):  # written out: so Cython asks for the types without a call
            leaves += flatten(part)
        else:
            leaves.append(part)
    return leaves
