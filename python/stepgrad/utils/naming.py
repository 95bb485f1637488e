"""Automatic names as in Keras: "dense", "dense_1", ... ."""

from __future__ import annotations

from stepgrad.utils.serialization import to_snake_case

_counts: dict[str, int] = {}


def auto_name(prefix: str) -> str:
    """Return `prefix` in snake_case, with a number from its second use on.

    Examples
    --------
    >>> reset_names()
    >>> auto_name("MaxPooling2D"), auto_name("MaxPooling2D")
    ('max_pooling2d', 'max_pooling2d_1')
    """
    prefix = to_snake_case(prefix)
    count = _counts[prefix] = _counts.get(prefix, -1) + 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Start every automatic name anew; `clear_session` calls this."""
    _counts.clear()
