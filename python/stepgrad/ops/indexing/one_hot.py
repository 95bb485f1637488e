"""one_hot: class numbers as rows with a single 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError
from stepgrad.ops.indexing.embedding import integers
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.tensor import Tensor


class OneHot(Op):
    formula = r"y_{ij} = [x_i = j]"
    gradient_formula = r"\text{none: class numbers are integers}"
    promote = None
    differentiable = False

    def shape(self, x, num_classes, axis=-1, dtype=None):
        axis = normalize_axis(axis, len(x) + 1)
        return (*x[:axis], num_classes, *x[axis:])

    def dtype(self, *dtypes, num_classes, axis=-1, dtype=None):
        return dtype or config.floatx()

    def reference(self, x, num_classes, axis=-1, dtype=None):
        hot = x[..., None] == np.arange(num_classes)
        return np.moveaxis(hot, -1, axis).astype(dtype or config.floatx())


_one_hot = OneHot()


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False
) -> Tensor:
    """Turn class numbers into rows of zeros with a 1 at the class. Numbers outside of the range give zeros.

    Parameters
    ----------
    x : int tensor of any shape
    num_classes : int
    axis : int
        Where the new axis goes.

    Examples
    --------
    >>> one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if sparse:
        raise ArgumentError("tensors are dense here", op="one_hot", fix="leave sparse out")
    if num_classes < 1:
        raise ArgumentError(
            "there must be at least one class", op="one_hot", got=f"num_classes={num_classes}"
        )
    return _one_hot(integers(x, "one_hot"), num_classes=int(num_classes), axis=axis, dtype=dtype)
