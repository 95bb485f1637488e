"""Regularizers: what large weights cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.tape import Tensor
from stepgrad.utils.serialization import Registry

REGULARIZERS = Registry("regularizers")


class Regularizer:
    """A cost that is added to the loss: ``__call__(x)`` returns one number.

    Examples
    --------
    >>> class Largest(Regularizer):
    ...     def __call__(self, x):
    ...         return ops.max(ops.abs(x))
    >>> Largest()([1.0, -3.0]).item()
    3.0
    """

    def __call__(self, x: Any) -> Any:
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config() to be saved")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make the regularizer that a config describes."""
        return cls(**config)


@REGULARIZERS.register("l1")
class L1(Regularizer):
    """l1 * sum(|x|): drives small weights to exactly 0.

    Examples
    --------
    >>> L1(0.5)([1.0, -3.0]).item()
    2.0
    """

    formula = r"\lambda_1 \sum_i |w_i|"

    def __init__(self, l1: float = 0.01):
        self.l1 = _cost(l1=l1)

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


@REGULARIZERS.register("l2")
class L2(Regularizer):
    """l2 * sum(x ** 2): keeps weights small.

    Examples
    --------
    >>> L2(0.5)([1.0, -3.0]).item()
    5.0
    """

    formula = r"\lambda_2 \sum_i w_i^2"

    def __init__(self, l2: float = 0.01):
        self.l2 = _cost(l2=l2)

    def __call__(self, x: Any) -> Tensor:
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


@REGULARIZERS.register("l1_l2")
class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x ** 2).

    Examples
    --------
    >>> L1L2(l1=0.5, l2=0.5)([1.0, -3.0]).item()
    7.0
    """

    formula = r"\lambda_1 \sum_i |w_i| + \lambda_2 \sum_i w_i^2"

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = _cost(l1=0.0 if l1 is None else l1)
        self.l2 = _cost(l2=0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        cost: Any = 0.0
        if self.l1:
            cost = self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            cost = self.l2 * ops.sum(ops.square(x)) + cost
        return cost

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


@REGULARIZERS.register
class OrthogonalRegularizer(Regularizer):
    """factor * mean of |cos(angle)| over all pairs of rows (or columns): 0 when they are orthogonal.

    Parameters
    ----------
    factor : float
    mode : {"rows", "columns"}

    Examples
    --------
    >>> OrthogonalRegularizer(0.5)([[1.0, 0.0], [1.0, 0.0]]).item()
    0.5
    """

    formula = r"\lambda\, \mathrm{mean}_{i<j}\, |\cos \angle(w_i, w_j)|"

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        if mode not in ("rows", "columns"):
            raise ArgumentError(
                "mode must be 'rows' or 'columns'", op="OrthogonalRegularizer", got=repr(mode)
            )
        self.factor = _cost(factor=factor)
        self.mode = mode

    def __call__(self, x: Any) -> Tensor:
        shape = np.shape(x)
        if len(shape) != 2:
            raise ShapeError(
                "a matrix is needed", op="OrthogonalRegularizer", expected="two axes", got=str(shape)
            )
        x = ops.transpose(x) if self.mode == "columns" else x
        lengths = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=1, keepdims=True), 1e-12))
        x = x / lengths
        size = x.shape[0]
        cosines = ops.matmul(x, ops.transpose(x)) * (1.0 - np.eye(size, dtype=x.dtype))
        return ops.sum(ops.abs(cosines)) * (self.factor * 0.5 / (size * (size - 1) / 2))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


def _cost(**argument: Any) -> float:
    ((name, value),) = argument.items()
    value = 0.01 if value is None else value
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ArgumentError(f"{name} must be a number that is not negative", got=repr(value))
    return float(value)
