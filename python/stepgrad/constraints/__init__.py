"""Constraints, which the optimizer applies to weights after each step."""

from typing import Any

from stepgrad.constraints.constraints import CONSTRAINTS, Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm

get, deserialize = CONSTRAINTS.get, CONSTRAINTS.deserialize


def serialize(constraint: Any) -> Any:
    """Return the saved form of a constraint: plain values that JSON can hold.

    Examples
    --------
    >>> serialize(NonNeg())["class_name"]
    'NonNeg'
    """
    return CONSTRAINTS.serialize(constraint)


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm", "min_max_norm",
    "non_neg", "serialize", "unit_norm",
]  # fmt: skip
