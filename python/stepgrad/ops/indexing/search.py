"""searchsorted, bincount and nonzero: finding and counting. Their results are integers and have no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.ops.indexing.embedding import integers, segment_sum
from stepgrad.ops.op import Op
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor, as_tensor, wrap


class Searchsorted(Op):
    formula = r"y_i = \#\{j : s_j < v_i\}"
    gradient_formula = r"\text{none: a place is an integer}"
    promote = None
    differentiable = False

    def shape(self, sequence, values, side="left"):
        if len(sequence) != 1:
            raise ShapeError("the sorted sequence must be a vector", expected="shape (n,)", got=str(sequence))
        return values

    def dtype(self, *dtypes, side="left"):
        return "int32"

    def reference(self, sequence, values, side="left"):
        return np.asarray(np.searchsorted(sequence, values, side)).astype(np.int32)


_searchsorted = Searchsorted()


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Return where `values` would have to be inserted to keep the sequence sorted. int32.

    Parameters
    ----------
    sorted_sequence : tensor, shape (n,)
    values : tensor of any shape
    side : {"left", "right"}
        Before or after entries that are equal.

    Examples
    --------
    >>> searchsorted([1.0, 2.0, 3.0], [2.0, 9.0]).tolist()
    [1, 3]
    """
    if side not in ("left", "right"):
        raise ArgumentError("side must be 'left' or 'right'", op="searchsorted", got=repr(side))
    return _searchsorted(sorted_sequence, values, side=side)


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """Count how often each of 0, 1, 2, ... occurs, or add up the weights of its occurrences.

    Parameters
    ----------
    x : int tensor, shape (n,) or (batch, n)
        Numbers from 0.
    weights : tensor of the shape of `x`, optional
    minlength : int
        The least number of bins.

    Examples
    --------
    >>> bincount([0, 2, 2]).tolist()
    [1, 0, 2]
    """
    if sparse:
        raise ArgumentError("tensors are dense here", op="bincount", fix="leave sparse out")
    x = integers(x, "bincount")
    if not isinstance(x, Tensor):
        raise DTypeError(
            "a KerasTensor cannot be counted: the number of bins depends on the values", op="bincount"
        )
    if x.size and x.array.min() < 0:
        raise ArgumentError("only numbers from 0 can be counted", op="bincount", got=str(x.array.min()))
    bins = max(minlength, int(x.array.max()) + 1 if x.size else 0)
    if x.ndim == 2:
        rows = [(x[i], None if weights is None else public["getitem"](weights, i)) for i in range(len(x))]
        return public["stack"]([bincount(row, w, bins) for row, w in rows])
    if x.ndim != 1:
        raise ShapeError(
            "bincount counts along one axis", op="bincount", expected="(n,) or (batch, n)", got=str(x.shape)
        )
    if weights is not None:
        return segment_sum(weights, x, bins)
    return wrap(np.bincount(x.array, minlength=bins).astype(np.int32))


def nonzero(x: Any) -> tuple[Tensor, ...]:
    """Return where the entries are not 0: one int32 tensor of places for each axis.

    Examples
    --------
    >>> [places.tolist() for places in nonzero([[0, 1], [1, 0]])]
    [[0, 1], [1, 0]]
    """
    if getattr(x, "is_symbolic", False):
        raise DTypeError(
            "how many entries of a KerasTensor are not 0 is not known yet", op="nonzero", fix="use ops.where"
        )
    return tuple(wrap(places.astype(np.int32)) for places in np.nonzero(as_tensor(x).array))
