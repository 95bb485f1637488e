"""Constraints: what weights must be after each step."""

from __future__ import annotations

from typing import Any

from stepgrad import config, ops
from stepgrad.tape import Tensor
from stepgrad.utils.serialization import Registry

CONSTRAINTS = Registry("constraints")


class Constraint:
    """Brings weights back to where they may be: ``__call__(w)`` returns new values.

    Examples
    --------
    >>> class AtMostOne(Constraint):
    ...     def __call__(self, w):
    ...         return ops.minimum(w, 1.0)
    >>> AtMostOne()([0.5, 3.0]).tolist()
    [0.5, 1.0]
    """

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Make the constraint that a config describes."""
        return cls(**config)


def _norms(w: Any, axis: Any) -> Tensor:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


@CONSTRAINTS.register
class MaxNorm(Constraint):
    """Norm along `axis` at most `max_value`.

    Parameters
    ----------
    max_value : float
    axis : int or tuple of int
        For a Dense kernel (inputs, units) 0: the weights into each unit.

    Examples
    --------
    >>> [round(float(x), 3) for x in MaxNorm(1.0)([3.0, 4.0]).tolist()]
    [0.6, 0.8]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Tensor:
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (norms + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


@CONSTRAINTS.register
class NonNeg(Constraint):
    """No entry below 0.

    Examples
    --------
    >>> NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Tensor:
        return ops.maximum(w, 0.0)


@CONSTRAINTS.register
class UnitNorm(Constraint):
    """Norm along `axis` equal to 1.

    Examples
    --------
    >>> [round(float(x), 3) for x in UnitNorm()([3.0, 4.0]).tolist()]
    [0.6, 0.8]
    """

    def __init__(self, axis: Any = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        return w / (_norms(w, self.axis) + config.epsilon())

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


@CONSTRAINTS.register
class MinMaxNorm(Constraint):
    """Norm along `axis` between `min_value` and `max_value`; `rate` is how far it is pulled there in one step.

    Examples
    --------
    >>> [round(float(x), 3) for x in MinMaxNorm(max_value=1.0)([3.0, 4.0]).tolist()]
    [0.6, 0.8]
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Tensor:
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (norms + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }
