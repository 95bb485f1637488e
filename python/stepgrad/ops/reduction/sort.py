"""argsort, sort and top_k: order along an axis. The gradient of a sorted entry goes back to where it came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.ops.op import Op, normalize_axes, normalize_axis, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Order(Op):
    """An op that returns places, as int32."""

    gradient_formula = r"\text{none: a place is an integer}"
    promote = None
    differentiable = False

    def dtype(self, *dtypes, **attrs):
        return "int32"


class Argsort(Order):
    formula = r"x_{y_1} \le x_{y_2} \le \dots"

    def shape(self, x, axis=-1):
        normalize_axis(axis, len(x))
        return x

    def reference(self, x, axis=-1):
        return np.argsort(x, axis, kind="stable").astype(np.int32)


class TopKIndices(Order):
    formula = r"x_{y_1} \ge x_{y_2} \ge \dots \ge x_{y_k}"

    def shape(self, x, k):
        if not x:
            raise ShapeError("a number has no largest entries", expected="at least one axis", got="shape ()")
        if x[-1] is not None and not 0 <= k <= x[-1]:
            raise ArgumentError(
                "k is larger than the last axis", expected=f"0 <= k <= {x[-1]}", got=f"k={k}, shape {x}"
            )
        return (*x[:-1], k)

    def reference(self, x, k):
        self.shape(x.shape, k)
        ascending = np.argsort(
            x[..., ::-1], -1, kind="stable"
        )  # turned round, so that the first of equals comes first
        return (x.shape[-1] - 1 - ascending[..., ::-1][..., :k]).astype(np.int32)


_argsort = Argsort()
_top_k_indices = TopKIndices()


def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """Numbers of the entries in ascending order; equals keep their order and NaN comes last. int32.

    Examples
    --------
    >>> argsort([3.0, 1.0, 2.0]).tolist()
    [1, 2, 0]
    """
    return _argsort(x, axis=axis) if axis is not None else _argsort(public["reshape"](x, (-1,)), axis=0)


def sort(x: Any, axis: int | None = -1) -> Tensor:
    """Entries in ascending order along `axis` (of the flattened tensor when it is None).

    Examples
    --------
    >>> sort([3.0, 1.0, 2.0]).tolist()
    [1.0, 2.0, 3.0]
    """
    if axis is None:
        x, axis = public["reshape"](x, (-1,)), 0
    return public["take_along_axis"](x, argsort(x, axis), axis)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest entries of the last axis, from the largest down, and their numbers (int32).

    Parameters
    ----------
    sorted : bool
        Kept for Keras programs; the entries are always in order.

    Examples
    --------
    >>> [part.tolist() for part in top_k([3.0, 1.0, 2.0], 2)]
    [[3.0, 2.0], [0, 2]]
    """
    indices = _top_k_indices(x, k=int(k))
    return public["take_along_axis"](x, indices, -1), indices


def quantile(
    x: Any, q: Any, axis: int | tuple[int, ...] | None = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Values below which the parts `q` of the entries lie, between neighbours as `method` says.

    Parameters
    ----------
    q : float or sequence of float, 0 <= q <= 1
        A sequence adds an axis in front.
    method : {"linear", "lower", "higher", "nearest", "midpoint"}

    Examples
    --------
    >>> quantile([1.0, 2.0, 4.0], 0.75).item()
    3.0
    """
    x = to_tensor(x)
    if np.ndim(q):
        return public["stack"]([quantile(x, part, axis, method, keepdims) for part in np.asarray(q).tolist()])
    axes = normalize_axes(axis, x.ndim)
    if not axes:
        return x  # a number is each of its own quantiles
    one_each = [1 if i in axes else -1 if size is None else size for i, size in enumerate(x.shape)]
    along = axes[0]
    if len(axes) > 1:
        kept = [i for i in range(x.ndim) if i not in axes]
        x = public["reshape"](public["transpose"](x, (*kept, *axes)), (*(x.shape[i] for i in kept), -1))
        along = x.ndim - 1
    n = x.shape[along]
    if not 0 <= q <= 1 or not n:
        raise ArgumentError(
            "quantile needs entries, and 0 <= q <= 1", op="quantile", got=f"{n} entries, q={q}"
        )
    if method not in _PARTS:
        raise ArgumentError(f"there is no method {method!r}", op="quantile", fix=did_you_mean(method, _PARTS))
    ordered = sort(x, along)
    below, part = divmod(float(q) * (n - 1), 1)
    part = _PARTS[method](part, below)
    pick = [public["take"](ordered, min(int(below) + i, n - 1), along) for i in (0, 1)]
    result = pick[0] + (pick[1] - pick[0]) * part
    last = public["take"](ordered, n - 1, along)
    result = public["where"](
        public["equal"](last, last), result, last
    )  # NaN sorts last, and one NaN spoils all
    return public["reshape"](result, one_each) if keepdims else result


# how far from the lower to the upper neighbour, for a place that is `part` of the way
_PARTS: dict[str, Any] = {
    "linear": lambda part, below: part,
    "lower": lambda part, below: 0.0,
    "higher": lambda part, below: float(part > 0),
    "nearest": lambda part, below: round(below + part) - below,
    "midpoint": lambda part, below: 0.5 if part else 0.0,
}


def median(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The middle entry along `axis`, or the mean of the two in the middle.

    Examples
    --------
    >>> median([5.0, 1.0, 2.0]).item()
    2.0
    """
    return quantile(x, 0.5, axis, keepdims=keepdims)
