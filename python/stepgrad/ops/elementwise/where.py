"""where: choose between two tensors, entry by entry."""

from __future__ import annotations

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError
from stepgrad.ops.op import Op, broadcast
from stepgrad.tape.state import public


class Where(Op):
    formula = r"y = a \text{ where } c,\ b \text{ elsewhere}"
    gradient_formula = r"\bar a = \bar y \odot [c],\quad \bar b = \bar y \odot [\lnot c]"
    saves_inputs = (0,)
    promote = None  # the condition keeps its own dtype

    def shape(self, condition, a, b):
        return broadcast(condition, a, b)

    def dtype(self, condition, a, b):
        return super().dtype(a, b)

    def reference(self, condition, a, b):
        dtype = self.dtype(condition.dtype, a.dtype, b.dtype)
        return np.where(condition, a.astype(dtype, copy=False), b.astype(dtype, copy=False))

    def gradient(self, step, gy):
        condition = step.inputs[0]
        return (
            None,
            public["where"](condition, gy, 0.0) if step.needs(1) else None,
            public["where"](condition, 0.0, gy) if step.needs(2) else None,
        )


_where = Where()


def where(condition, x1=None, x2=None):
    """Take `x1` where the condition is true and `x2` elsewhere.

    The branch that is not taken gets a gradient of exactly 0. What the ops *inside* that branch make of the 0 is their business:
    in ``where(x > 0, log(x), 0.0)`` the gradient of log at x = 0 is 0 / 0 = NaN. Keep the branch away from the bad points with a second
    where: ``where(x > 0, log(where(x > 0, x, 1.0)), 0.0)``.

    Parameters
    ----------
    condition : tensor of bool, or of numbers of which all but 0 count as true
    x1, x2 : tensor or number
        All three broadcast as NumPy's do.

    Examples
    --------
    >>> where([True, False], [1.0, 2.0], 0.0).tolist()
    [1.0, 0.0]
    """
    if x1 is None or x2 is None:
        raise ArgumentError(
            "there is nothing to choose between", op="where", expected="where(condition, x1, x2)"
        )
    return _where(condition, _like(x1, x2), _like(x2, x1))


def _like(x, other):
    """Give a Python number the dtype of what stands on the other side, as in x + 1.0."""
    if not isinstance(x, int | float):
        return x
    partner = np.dtype(
        getattr(other, "dtype", type(other) if isinstance(other, int | float) else config.floatx())
    )
    if partner.kind == "f" and not isinstance(other, int | float):
        return np.asarray(x, partner)
    if isinstance(x, float) or partner.kind == "f":
        return np.asarray(x, config.floatx())
    return x
