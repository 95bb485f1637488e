"""Regularizers, which add a cost for large weights to the loss."""

from typing import Any

from stepgrad.regularizers.regularizers import L1, L1L2, L2, REGULARIZERS, OrthogonalRegularizer, Regularizer

get, deserialize = REGULARIZERS.get, REGULARIZERS.deserialize


def serialize(regularizer: Any) -> Any:
    """Return the saved form of a regularizer: plain values that JSON can hold.

    Examples
    --------
    >>> serialize(L2(0.1))["class_name"]
    'L2'
    """
    return REGULARIZERS.serialize(regularizer)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

__all__ = [
    "L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
    "orthogonal_regularizer", "serialize",
]  # fmt: skip
