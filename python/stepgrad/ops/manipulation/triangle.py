"""tril and triu: keep one triangle of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op
from stepgrad.tape.tensor import Tensor


class Triangle(Op):
    """What tril and triu have in common."""

    saves_inputs = ()
    promote = None

    def shape(self, x, k=0):
        if len(x) < 2:
            raise ShapeError("only a matrix has triangles", expected="at least 2 axes", got=f"shape {x}")
        return x

    def gradient(self, step, gy):
        return self(gy, k=step.attrs.get("k", 0))


class Tril(Triangle):
    formula = r"y_{ij} = x_{ij}\,[j \le i + k]"
    gradient_formula = r"\bar x_{ij} = \bar y_{ij}\,[j \le i + k]"

    def reference(self, x, k=0):
        self.shape(x.shape)
        return np.tril(x, k)


class Triu(Triangle):
    formula = r"y_{ij} = x_{ij}\,[j \ge i + k]"
    gradient_formula = r"\bar x_{ij} = \bar y_{ij}\,[j \ge i + k]"

    def reference(self, x, k=0):
        self.shape(x.shape)
        return np.triu(x, k)


_tril = Tril()
_triu = Triu()


def tril(x: Any, k: int = 0) -> Tensor:
    """Keep the lower triangle, up to the k-th diagonal; the rest becomes 0.

    Examples
    --------
    >>> tril([[1, 2], [3, 4]]).tolist()
    [[1, 0], [3, 4]]
    """
    return _tril(x, k=k)


def triu(x: Any, k: int = 0) -> Tensor:
    """Keep the upper triangle, from the k-th diagonal on; the rest becomes 0.

    Examples
    --------
    >>> triu([[1, 2], [3, 4]]).tolist()
    [[1, 2], [0, 4]]
    """
    return _triu(x, k=k)
