"""reshape: the same entries in another shape."""

from __future__ import annotations

import math

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op


class Reshape(Op):
    formula = r"y_{j} = x_{i},\ \text{same order}"
    gradient_formula = r"\bar x = \mathrm{reshape}(\bar y)"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, newshape):
        known = [size for size in newshape if size not in (-1, None)]
        total = None if None in x else math.prod(x)
        if len(known) < len(newshape) - 1 or total is None:
            return (
                tuple(None if size == -1 else size for size in newshape)
                if total is None
                else self._refuse(x, newshape)
            )
        if len(known) == len(newshape):
            return tuple(newshape) if math.prod(known) == total else self._refuse(x, newshape)
        rest = math.prod(known)
        if (rest == 0 and total) or (rest and total % rest):
            self._refuse(x, newshape)
        return tuple(total // max(rest, 1) if size in (-1, None) else size for size in newshape)

    def _refuse(self, x, newshape):
        raise ShapeError(
            "the number of entries must stay the same",
            expected=f"{math.prod(s for s in x if s is not None)} entries, at most one -1",
            got=f"{x} to {tuple(newshape)}",
        )

    def reference(self, x, newshape):
        return x.reshape(newshape)

    def gradient(self, step, gy):
        return _reshape(gy, newshape=step.input_shapes[0])


_reshape = Reshape()


def reshape(x, newshape):
    """Give the entries another shape; one size may be -1.

    Examples
    --------
    >>> reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    newshape = (newshape,) if isinstance(newshape, int | np.integer) else newshape
    return _reshape(x, newshape=tuple(None if size is None else int(size) for size in newshape))


def ravel(x):
    """Flatten into a vector.

    Examples
    --------
    >>> ravel([[1, 2], [3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    return _reshape(x, newshape=(-1,))


flatten = ravel
